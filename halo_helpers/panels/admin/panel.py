"""The panel of an administrator: sign in, see which field is wrong, have it set right after a confirmation.

The sign-in lives in this kernel's memory for fifteen minutes without use at most. The secret's field is no
state of the page: it is sent once, and emptied.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from html import escape

from ...admin.access import UNUSED_S, Administrator, NoAdministratorError, SignIn, open_administrator
from ...admin.reading.inspection import Inspection, inspect_as
from ...admin.reading.look import Looked
from ...admin.writing.changes import Plan
from ...admin.writing.plan import wishes_of
from ...admin.writing.set_up import first_update, plan_for, with_ids, write
from ...errors import ConfigError, HaloError
from ...guide.rules import NAMES
from ...guide.walk_states import listed
from ...secrets.value import Secret
from ...tenants.tenant import Tenant
from ..answers import refuse_secret
from ..base.style import box, button, of_error, state_html
from ..base.view import Background, CardView, Message, Panel, static
from ..state import WalkState
from .pages import ABOUT, inspection_html, plan_html, sign_in_html

_ELSEWHERE = (
    "Here in JupyterLab an administrator can sign in; on the command line: halo-runbook inspect NAME."
)


def administrator_panel(walk: WalkState) -> Panel:
    """Offer the administrator's look; nothing is asked before somebody signs in."""
    if os.environ.get("SERVER_SOFTWARE", "").startswith("voila"):
        return static(_ELSEWHERE)
    panel = AdministratorPanel(walk)
    walk.follow(panel)
    return panel


_PROVED_LATER = "The steps turn OK by their own checks, once the credentials are there."


@dataclass
class _Shown:
    """A plan as it was shown."""

    seen: Looked
    plan: Plan
    at: float = field(default_factory=time.monotonic)


class AdministratorPanel(Panel):
    """Messages: `application`, `browser`, `look`, `plan`, `write`, `agree`, `back`, `sign-out`."""

    view: CardView

    def __init__(self, walk: WalkState) -> None:
        super().__init__(box(f"<p>{ABOUT}</p>"), ABOUT)
        self.walk = walk
        self.work = Background()
        self._who: Administrator | None = None
        self._found: Inspection | None = None
        self._shown: _Shown | None = None
        self._asked = self._said = ""
        self._until = threading.Timer(0, lambda: None)
        self.view = CardView(self._receive)
        self.refresh()

    def refresh(self) -> None:
        """Show it as it is now."""
        said = f"<p role='status'>{escape(self._said)}</p>" if self._said else ""
        self.view.html = f"<div class='h-card'>{said}{self._body()}</div>"

    def _body(self) -> str:
        if self.work.running:
            return f"<p role='status'>{state_html('checking', 'Asking HaloPSA')}</p>"
        if self._who is None:
            return sign_in_html()
        if self._shown is not None:
            return plan_html(self._shown.plan, self.walk.name, self._asked)
        parts = [inspection_html(self.walk, self._found) if self._found else ""]
        parts.append(
            "<div class='h-row h-foot'>"
            f"{button('Look again', 'look')}{button('What can be set right …', 'plan', 'main')}"
            f"{button('Sign out', 'sign-out', 'quiet')}</div>"
        )
        return "".join(parts)

    def _receive(self, message: Message) -> None:
        self.view.results, self._said = "", ""
        match message.get("do"):
            case "application":
                given = str(message.pop("admin_secret", "")).strip()
                if not given:
                    raise ConfigError("enter the secret of the administrator's application")
                self._sign_in(SignIn(_client_id(message), Secret(given)))
            case "browser":
                self._sign_in(SignIn(_client_id(message)))
            case "look":
                self._start(self._look)
            case "plan":
                self._start(self._plan)
            case "write":
                self._write(str(message.get("confirm", "")).strip())
            case "agree" if self._asked:
                self._asked = ""
                self._start(self._apply)
            case "back":
                self._shown, self._asked = None, ""
            case "sign-out":
                self._sign_out()
        self.refresh()

    def _start(self, work: Callable[[], None]) -> None:
        def guarded() -> None:
            try:
                work()
            except HaloError as error:
                self.view.results = of_error(error)
            finally:
                self.work.done()
                self._wait_for_use()
                self.refresh()

        self.work.start(lambda _: self.view.guarded(guarded))

    def _wait_for_use(self) -> None:
        """Sign out when nothing is asked for a quarter of an hour."""
        self._until.cancel()
        if self._who is not None:
            self._until = threading.Timer(UNUSED_S, self._leave)
            self._until.daemon = True
            self._until.start()

    def _leave(self) -> None:
        self._sign_out()
        self.refresh()

    def _sign_in(self, how: SignIn) -> None:
        def work() -> None:
            self._who = open_administrator(self._tenant(), how)
            self._look()

        self._start(work)

    def _tenant(self) -> Tenant:
        """Return the tenant as far as it is known.

        Raises: ConfigError without a base URL.
        """
        self.walk.begin()
        found = self.walk.tenant_so_far()
        if found is None or not found.base_url:
            raise ConfigError("enter the base URL first, in 00-start")
        return found

    def _signed_in(self) -> Administrator:
        if self._who is None:
            raise ConfigError("sign in first")
        return self._who

    def _look(self) -> None:
        self._shown, self._asked = None, ""
        try:
            self._found = inspect_as(self._tenant(), self._signed_in())
        except NoAdministratorError:
            self._sign_out()
            raise

    def _plan(self) -> None:
        wishes = wishes_of(self.walk.name)
        seen, plan = plan_for(self._tenant(), self._signed_in(), wishes)
        self._shown, self._asked = _Shown(seen, plan), ""
        self._take_over(seen)

    def _take_over(self, seen: Looked) -> None:
        """Keep the Client ID and the Agent ID that were seen, as if they had been entered."""
        before = self._tenant()
        after = with_ids(before, seen)
        both = {name: (getattr(before, name), getattr(after, name)) for name in ("client_id", "agent_id")}
        found = {name: str(now) for name, (was, now) in both.items() if now != was}
        if found:
            self.walk.change_answers(**found)
            self._said = f"Taken over from HaloPSA: {listed([NAMES[name] for name in found])}."

    def _write(self, typed: str) -> None:
        if self._shown is None or not self._shown.plan.changes:
            return
        if typed != self.walk.name:
            raise ConfigError(f"nothing was written: type {self.walk.name}, the customer's name")
        self._asked = first_update(self._shown.seen, self._shown.plan)
        if not self._asked:
            self._start(self._apply)

    def _apply(self) -> None:
        shown = self._shown
        if shown is None:
            return
        self._shown = None
        _, said = write(
            shown.seen, shown.plan, self._signed_in(), wishes_of(self.walk.name), shown_at=shown.at
        )
        self._plan()
        proved = _PROVED_LATER if self.walk.missing() else ""
        self._said = " ".join(filter(None, (f"{said[0].upper()}{said[1:]}.", self._said, proved)))
        self._found = None
        if not self.walk.missing():
            self.walk.ask_all()

    def _sign_out(self) -> None:
        if self._who is not None:
            self._who.forget()
        self._who = self._found = self._shown = None
        self._said = "Signed out: nothing of the sign-in is left."


def _client_id(message: Message) -> str:
    """Return the Client ID that was entered.

    Raises: ConfigError when there is none, or it looks like a secret.
    """
    given = str(message.get("admin_id", "")).strip()
    refuse_secret(given)
    if not given:
        raise ConfigError("enter the Client ID of the administrator's application")
    return given
