"""The pages of API applications: the list, the form of one, a new Client Secret."""

from __future__ import annotations

import secrets
from urllib.parse import quote

from ..seed.values import guid
from ..wire import Answer
from ..world.agents import UNASSIGNED_ID
from ..world.applications import LOGIN_TYPES, METHODS, Application, new_secret
from ..world.realm import Realm
from ..world.scopes import KNOWN_SCOPES, SCOPES_OF_NEO
from .forms import Form, fill_in
from .menu import APPLICATIONS, here
from .notices import Notice, Notices
from .page import SHOWN, html_page, redirect
from .sign_in import Session

METHOD_NAMES = dict(
    zip(
        METHODS,
        (
            "Client ID and Secret (Services)",
            "Authorisation Code (Web or Native Application)",
            "Implicit Flow",
            "Username & Password",
            "API Key",
            "JWT assertion",
        ),
        strict=True,
    )
)
LOGIN_NAMES = dict(zip(LOGIN_TYPES, ("Agent", "User", "Supplier", "No login"), strict=True))
COMMON_SCOPES = ("all", *SCOPES_OF_NEO, "admin")
RARE_SCOPES = KNOWN_SCOPES - set(COMMON_SCOPES)


def applications_page(session: Session) -> Answer:
    """Return the list of applications."""
    return html_page(
        session,
        "applications",
        path=here(APPLICATIONS),
        methods=METHOD_NAMES,
        applications=session.world.applications.values(),
    )


def application_page(
    realm: Realm, session: Session, key: str, form: Form, notices: Notices, notice: Notice
) -> Answer:
    """Return the form of one application, or of a new one; save it when it was sent."""
    world, new = session.world, key == "new"
    application = (
        Application("", guid(secrets.token_hex(8)), "", 0, scopes=frozenset())
        if new
        else world.applications.get(key.lower())
    )
    if application is None:
        return html_page(session, "missing", 404)
    problems = fill_in(world, application, form.fields) if form.posted else []
    if problems or not form.posted:
        return _form_page(session, application, new=new, problems=problems, notice=notice)
    if not new:
        return redirect(f"{_link(application)}{notices.leave(saved='Saved.')}")
    # HaloPSA may replace the Client ID at save: here it always does, so that it is learned
    application.client_id, application.secret = guid(secrets.token_hex(8)), new_secret()
    world.applications[application.client_id] = application
    realm.index(world)
    return redirect(f"{_link(application)}{notices.leave(secret=application.secret)}")


def new_secret_page(session: Session, key: str, notices: Notices) -> Answer:
    """Make a new Client Secret; return a redirect to the page that shows it once."""
    application = session.world.applications.get(key.lower())
    if application is None:
        return html_page(session, "missing", 404)
    application.secret = new_secret()
    return redirect(f"{_link(application)}{notices.leave(secret=application.secret)}")


def _form_page(
    session: Session, application: Application, *, new: bool, problems: list[str], notice: Notice
) -> Answer:
    world = session.world
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
        methods=METHOD_NAMES,
        login_types=LOGIN_NAMES,
        agents=agents,
        scopes=COMMON_SCOPES,
        rare=sorted(RARE_SCOPES),
        rare_open=bool(application.scopes & RARE_SCOPES),
        problems=problems,
        notice=notice,
    )


def _link(application: Application) -> str:
    return f"/config/integrations/api/applications/{quote(application.client_id)}"
