"""The pages of API applications: the list, and the form of one.

HaloPSA's order in the form: method and login type, *Generate*, copy the Client Secret, *Save*, copy the
Client ID again. Sources contradict each other on what is shown when, hence three settings (facts 1.4, W57).
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass, replace
from urllib.parse import quote

from ..seed.values import guid
from ..wire import Answer
from ..world.agents import UNASSIGNED_ID
from ..world.applications import LOGIN_NAMES, METHOD_NAMES, Application, new_secret
from ..world.realm import Realm
from ..world.scopes import KNOWN_SCOPES, SCOPES_OF_NEO
from .drafts import Draft, Drafts
from .forms import Form, fill_in
from .menu import APPLICATIONS, here
from .notices import Notice, Notices
from .page import SHOWN, html_page, redirect
from .sign_in import Session

COMMON_SCOPES = ("all", *SCOPES_OF_NEO, "admin")
GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
RARE_SCOPES = KNOWN_SCOPES - set(COMMON_SCOPES)


def applications_page(session: Session) -> Answer:
    """Return the list of applications, HaloPSA's own among them."""
    world = session.world
    rows = [(application, world.agent(application.agent_id)) for application in world.applications.values()]
    return html_page(
        session, "applications", path=here(APPLICATIONS), methods=METHOD_NAMES, applications=rows
    )


@dataclass(frozen=True)
class _Opened:
    """One form: the application as it stands in it, the saved one, and what was generated in it."""

    application: Application
    saved: Application | None
    draft: Draft | None
    draft_key: str


class Applications:
    """The forms of applications, and what was generated in them and not saved yet."""

    def __init__(self, realm: Realm, notices: Notices) -> None:
        self.realm = realm
        self._notices = notices
        self._drafts = Drafts()

    def page(self, session: Session, key: str, form: Form, notice: Notice) -> Answer:
        """Return the form of one application, or of a new one; generate a secret or save it when asked to."""
        saved = session.world.applications.get(key.lower())
        if saved is None and key != "new":
            return html_page(session, "missing", 404)
        if saved is not None and saved.is_system and form.posted:
            return html_page(session, "missing", 403, problems=["HaloPSA's own application is not changed."])
        draft = self._drafts.find(form.draft, key.lower())
        application = draft.application if draft else replace(saved) if saved else self._empty(form)
        opened = _Opened(application, saved, draft, form.draft)
        problems = fill_in(session.world, application, form.fields) if form.posted else []
        if form.posted and "generate" in form.fields:
            if not saved and session.world.settings.client_id_changes == "while-open":
                application.client_id = _new_id()
            return redirect(_link(saved) + self._drafts.keep(key.lower(), application))
        if problems or not form.posted:
            return _form_page(session, opened, problems, notice)
        return self._save(session, opened)

    def _empty(self, form: Form) -> Application:
        """Return a new application with the Client ID that its form has shown."""
        shown = form.fields.get("shown-id", "").lower()
        is_free = GUID.fullmatch(shown) and not self.realm.world_of_client(shown)
        return Application("", shown if is_free else _new_id(), "", 0, scopes=frozenset())

    def _save(self, session: Session, opened: _Opened) -> Answer:
        """Save what the form holds, and with it the Client Secret that was generated."""
        settings, application, saved = session.world.settings, opened.application, opened.saved
        before, draft = application.secret, opened.draft
        if draft is not None:
            same = application.login_type == draft.login_type or settings.login_type_renews_secret == "no"
            application.secret = draft.secret if same else new_secret()
            self._drafts.drop(opened.draft_key)
        elif saved is None:
            # a native application, which has an address to lead back to, has none unless it is generated
            is_native = application.method == "authorization-code" and application.redirects
            application.secret = "" if is_native else new_secret()
        if saved is not None:
            vars(saved).update(vars(application))
        else:
            if settings.client_id_changes == "at-save":
                application.client_id = _new_id()
            session.world.applications[application.client_id] = application
            self.realm.index(session.world)
        told = {"saved": "Saved." if saved else "Saved. Copy the Client ID now: it may have changed."}
        application.writes += 1
        if application.secret and application.secret != before and settings.secret_shown != "form":
            told = {"secret": application.secret}
        return redirect(_link(application) + self._notices.leave(**told))


def _form_page(session: Session, opened: _Opened, problems: list[str], notice: Notice) -> Answer:
    world, application, draft = session.world, opened.application, opened.draft
    new = opened.saved is None
    changed = [*world.agents.values(), *filter(None, [world.agent(application.agent_id)])]
    first = [agent for agent, _ in zip(world.every_agent(), range(SHOWN), strict=False)]
    choices = {agent.id: agent.name for agent in (*first, *changed) if agent.id != UNASSIGNED_ID}
    agents = [("0", "none"), *((str(number), name) for number, name in sorted(choices.items()))]
    return html_page(
        session,
        "application",
        path=here([*APPLICATIONS, ("New" if new else application.name, "")]),
        app=application,
        new=new,
        draft=opened.draft_key if draft else "",
        generated=_show_once(draft) if world.settings.secret_shown != "after-save" else "",
        methods=METHOD_NAMES,
        login_types=LOGIN_NAMES,
        agents=agents,
        scopes=COMMON_SCOPES,
        rare=sorted(RARE_SCOPES),
        rare_open=bool(application.scopes & RARE_SCOPES),
        problems=problems,
        notice=notice,
    )


def _show_once(draft: Draft | None) -> str:
    """Return the secret that a form shows, empty when it has shown it."""
    if draft is None or draft.is_shown:
        return ""
    draft.is_shown = True
    return draft.secret


def _new_id() -> str:
    return guid(secrets.token_hex(8))


def _link(application: Application | None) -> str:
    """Return the page of an application, or that of a new one."""
    return f"/config/integrations/api/applications/{quote(application.client_id) if application else 'new'}"
