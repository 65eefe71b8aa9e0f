"""Which page answers a browser's request; what is set on the pages is what the API then does.

Plain forms, no framework of their own. A browser on the same machine visits other sites too: the session
cookie is strict and bound to the port, forms carry a token, a foreign Origin is refused, nothing is cached,
and nothing may frame or script these pages. Source of the fields: facts 1.3 and 1.4.
"""

from __future__ import annotations

import re

from ..wire import Answer, Ask
from ..world.realm import Realm
from .agents import agent_page, agents_page
from .applications import Applications, applications_page
from .forms import Form, is_foreign, is_own
from .menu import API, INTEGRATIONS, TILES, here
from .notices import Notices
from .page import SHOWN, html_page, redirect, too_old
from .sign_in import Session, Sessions
from .trainer import trainer_page


class Screens:
    """The screens of one server."""

    def __init__(self, realm: Realm) -> None:
        self.realm = realm
        self._sessions = Sessions(realm.worlds)
        self._notices = Notices()
        self._applications = Applications(realm, self._notices)

    def answer(self, ask: Ask) -> Answer:
        """Answer one request of a browser."""
        parts = tuple(part for part in ask.path.split("/") if part)
        if ask.method not in {"GET", "HEAD", "POST"}:
            return Answer(405, headers=[("allow", "GET, POST")])
        if is_foreign(ask):
            return html_page(None, "missing", 403, problems=["This form came from another site."])
        form = Form.of(ask)
        if parts[:1] == ("practice",):
            return trainer_page(self.realm, form, self._sessions.form_token("trainer"), self._notices)
        if parts == ("signin",) and form.posted:
            return self._sign_in(ask, form)
        session = self._sessions.session(ask)
        wanted = ask.query.get("tenant", "")
        if session is None or (wanted in self.realm.worlds and wanted != session.world.name):
            return self._sign_in_page(wanted=wanted, target=ask.path)
        if form.posted and not is_own(form, session.csrf):
            return too_old(session)
        if parts == ("signout",) and form.posted:
            return redirect("/", [("set-cookie", self._sessions.no_cookie(ask))])
        return self._screen(ask, session, parts[1:], form)

    def _sign_in_page(self, *problems: str, wanted: str = "", target: str = "") -> Answer:
        """Return the page that signs in: to the tenant that a link names, then to where it leads."""
        return html_page(
            None,
            "signin",
            worlds=list(self.realm.worlds)[:SHOWN],
            wanted=wanted,
            target=target if target.startswith("/config/") else "/config",
            many=len(self.realm.worlds) > 20,
            problems=problems,
        )

    def _sign_in(self, ask: Ask, form: Form) -> Answer:
        world = self.realm.worlds.get(form.fields.get("tenant", "").strip())
        if world is None:
            return self._sign_in_page("There is no such tenant.")
        target = form.fields.get("target", "")
        page = target if re.fullmatch(r"/config(/[a-z0-9-]+)*", target) else "/config"
        return redirect(page, [("set-cookie", self._sessions.cookie(ask, world))])

    def _screen(self, ask: Ask, session: Session, rest: tuple[str, ...], form: Form) -> Answer:
        notice = self._notices.take(form.flash)
        if rest in TILES:
            path, tiles = TILES[rest]
            return html_page(session, "tiles", path=here(path), heading=path[-1][0], tiles=tiles)
        match rest:
            case ("agents",):
                return agents_page(session, form.search)
            case ("agents", key):
                return agent_page(session, key, form, self._notices, notice)
            case ("integrations", "api"):
                return html_page(session, "api", path=here(API), origin=ask.origin)
            case ("integrations", "webhooks"):
                return html_page(
                    session,
                    "webhooks",
                    path=here([*INTEGRATIONS, ("Webhooks", "")]),
                    webhooks=session.world.webhooks,
                )
            case ("integrations", "api", "applications"):
                return applications_page(session)
            case ("integrations", "api", "applications", key):
                return self._applications.page(session, key, form, notice)
        return html_page(session, "missing", 404)
