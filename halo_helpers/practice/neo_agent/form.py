"""The page that stands in for Neo Agent's form: four values, its tests, then *Save*.

A secret that was entered waits in memory between the tests and *Save*; no page holds it.
"""

from __future__ import annotations

import secrets
from collections import OrderedDict

from ..screens.forms import Form, is_foreign, is_own
from ..screens.page import html_page, redirect, too_old
from ..wire import Answer, Ask
from .four_tests import Api, FourValues, Outcome, RefusedError, connect, run_tests


class NeoAgentForm:
    """The form of one server."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._csrf = secrets.token_hex(16)
        self._waiting: OrderedDict[str, tuple[FourValues, list[Outcome]]] = OrderedDict()
        """What was tested, by a key that only its page has; the newest hundred."""

    def answer(self, ask: Ask) -> Answer:
        """Return the form; run the tests or save when asked to."""
        if ask.method not in {"GET", "HEAD", "POST"}:
            return Answer(405, headers=[("allow", "GET, POST")])
        form = Form.of(ask)
        if is_foreign(ask):
            return html_page(None, "missing", 403, problems=["This form came from another site."])
        if not form.posted:
            return self._page(*self._waiting.get(form.flash, (None, [])), key=form.flash)
        if not is_own(form, self._csrf):
            return too_old(None)
        if "tested" in form.fields:
            return self._save(ask, form.fields["tested"])
        values = FourValues(
            *(
                form.fields.get(name, "").strip()[:400]
                for name in ("client_id", "client_secret", "base_url", "agent_id")
            )
        )
        key = secrets.token_urlsafe(9)
        self._waiting[key] = values, run_tests(values, self._api, ask.origin)
        if len(self._waiting) > 100:
            self._waiting.popitem(last=False)
        return redirect(f"/neo-agent?done={key}")

    def _save(self, ask: Ask, key: str) -> Answer:
        values, outcomes = self._waiting.pop(key, (None, []))
        if values is None or not all(one.passed for one in outcomes):
            return too_old(None)
        try:
            said = connect(values, self._api, ask.origin)
        except RefusedError as error:
            problem = f"Not saved: the webhook cannot be registered, {error}."
            return self._page(values, outcomes, problems=[problem])
        return self._page(values, outcomes, saved=f"Connected and saved. {said}")

    def _page(
        self,
        values: FourValues | None,
        outcomes: list[Outcome],
        *,
        key: str = "",
        saved: str = "",
        problems: list[str] | None = None,
    ) -> Answer:
        return html_page(
            None,
            "neo-agent",
            values=values,
            outcomes=outcomes,
            tested=key if outcomes and all(one.passed for one in outcomes) else "",
            saved=saved,
            problems=problems or [],
            csrf_token=self._csrf,
        )
