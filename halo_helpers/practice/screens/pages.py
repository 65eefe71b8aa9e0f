"""The screens of the set-up: what is set here is what the API then does.

Plain forms, no framework of their own. A browser on the same machine visits other sites too: the session
cookie is strict and bound to the port, forms carry a token, a foreign Origin is refused, nothing is cached,
and nothing may frame or script these pages. Source of the fields: facts 1.3 and 1.4.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections import OrderedDict
from dataclasses import dataclass
from functools import lru_cache
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

from jinja2 import Environment, PackageLoader

from ..scenarios import SCENARIOS, put_in_scenario
from ..seed.tenant_data import guid
from ..wire import HTML, Answer, Ask, Headers
from ..world.world import (
    KNOWN_SCOPES,
    LOGIN_TYPES,
    METHODS,
    ROLES,
    SCOPES_OF_NEO,
    TEAMS,
    UNASSIGNED_ID,
    Agent,
    Application,
    Realm,
    World,
    new_secret,
)

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
_SHOWN = 200
"""Rows of a table that are shown; more are found by searching."""
_HOME = [("Configuration", "/config")]
_AGENTS = [*_HOME, ("Teams & Agents", "/config/agents-and-teams"), ("Agents", "/config/agents")]
_INTEGRATIONS = [*_HOME, ("Integrations", "/config/integrations")]
_API = [*_INTEGRATIONS, ("HaloPSA API", "/config/integrations/api")]
_APPLICATIONS = [*_API, ("Applications", "/config/integrations/api/applications")]

_TILES: dict[tuple[str, ...], tuple[list[tuple[str, str]], tuple[tuple[str, str, str], ...]]] = {
    (): (
        _HOME,
        (
            ("Teams & Agents", "/config/agents-and-teams", "who works here"),
            ("Integrations", "/config/integrations", "what HaloPSA connects to"),
        ),
    ),
    ("agents-and-teams",): (
        _AGENTS[:2],
        (("Agents", "/config/agents", "technicians, and what acts like one"),),
    ),
    ("integrations",): (
        _INTEGRATIONS,
        (
            ("HaloPSA API", "/config/integrations/api", "applications that may come in"),
            ("Webhooks", "/config/integrations/webhooks", "who is told of events"),
        ),
    ),
}
"""The pages that only lead on: where they stand, and what they lead to."""


@dataclass(frozen=True)
class Session:
    """A signed-in administrator of one world, and the token that its forms carry."""

    world: World
    csrf: str


@dataclass(frozen=True)
class Form:
    """What a form sent, and the search of a list."""

    fields: dict[str, str]
    posted: bool
    search: str = ""
    flash: str = ""

    @classmethod
    def of(cls, ask: Ask) -> Form:
        """Read the form of a request."""
        fields = dict(parse_qsl(ask.body.decode("utf-8", "replace"), keep_blank_values=True))
        return cls(fields, ask.method == "POST", ask.query.get("search", ""), ask.query.get("done", ""))


class Screens:
    """Answers the requests of a browser."""

    def __init__(self, realm: Realm) -> None:
        self.realm = realm
        self._key = secrets.token_bytes(32)
        self._flashes: OrderedDict[str, dict[str, str]] = OrderedDict()
        """What the page after a saved form says once: the Client Secret, too."""

    def answer(self, ask: Ask) -> Answer:
        """Answer one request."""
        parts = tuple(part for part in ask.path.split("/") if part)
        if ask.method not in {"GET", "HEAD", "POST"}:
            return Answer(405, headers=[("allow", "GET, POST")])
        if ask.method == "POST" and ask.headers.get("origin", ask.origin) != ask.origin:
            return _page(None, "missing", 403, problems=["This form came from another site."])
        form = Form.of(ask)
        if parts[:1] == ("practice",):
            return self._trainer(form)
        if parts == ("signin",) and form.posted:
            return self._sign_in(ask, form)
        session = self._session(ask)
        if session is None:
            return self._sign_in_page()
        if form.posted and not _is_own(form, session.csrf):
            return _too_old(session)
        if parts == ("signout",) and form.posted:
            return _redirect("/", [("set-cookie", f"{_cookie_name(ask)}=; Path=/; Max-Age=0")])
        return self._screen(ask, session, parts[1:], form)

    # --- signing in ---

    def _sign_in_page(self, *problems: str) -> Answer:
        return _page(
            None,
            "signin",
            worlds=list(self.realm.worlds)[:_SHOWN],
            many=len(self.realm.worlds) > 20,
            problems=problems,
        )

    def _sign_in(self, ask: Ask, form: Form) -> Answer:
        world = self.realm.worlds.get(form.fields.get("tenant", "").strip())
        if world is None:
            return self._sign_in_page("There is no such tenant.")
        secure = "; Secure" if ask.origin.startswith("https:") else ""
        value = f"{world.name}.{self._sign('session', world.name)}"
        cookie = f"{_cookie_name(ask)}={value}; Path=/; HttpOnly; SameSite=Strict{secure}"
        return _redirect("/config", [("set-cookie", cookie)])

    def _session(self, ask: Ask) -> Session | None:
        try:
            cookie = SimpleCookie(ask.headers.get("cookie", "")).get(_cookie_name(ask))
        except CookieError:
            return None
        name, _, signature = (cookie.value if cookie else "").partition(".")
        world = self.realm.worlds.get(name)
        if world is None or not hmac.compare_digest(signature.encode(), self._sign("session", name).encode()):
            return None
        return Session(world, self._sign("csrf", name))

    def _sign(self, purpose: str, name: str) -> str:
        return hmac.new(self._key, f"{purpose} {name}".encode(), hashlib.sha256).hexdigest()

    def _leave_word(self, **words: str) -> str:
        """Keep what the next page says once, and return the query that asks for it."""
        key = secrets.token_urlsafe(9)
        self._flashes[key] = words
        if len(self._flashes) > 100:
            self._flashes.popitem(last=False)
        return f"?done={key}"

    # --- the screens ---

    def _screen(self, ask: Ask, session: Session, rest: tuple[str, ...], form: Form) -> Answer:
        words: dict[str, Any] = self._flashes.pop(form.flash, {})
        if rest in _TILES:
            path, tiles = _TILES[rest]
            return _page(session, "tiles", path=_here(path), heading=path[-1][0], tiles=tiles)
        match rest:
            case ("agents",):
                return _agents(session, form.search)
            case ("agents", key):
                return self._agent(session, key, form, words)
            case ("integrations", "api"):
                return _page(session, "api", path=_here(_API), origin=ask.origin)
            case ("integrations", "webhooks"):
                return _page(
                    session,
                    "webhooks",
                    path=_here([*_INTEGRATIONS, ("Webhooks", "")]),
                    webhooks=[session.world.data.webhook(1)],
                )
            case ("integrations", "api", "applications"):
                return _page(
                    session,
                    "applications",
                    path=_here(_APPLICATIONS),
                    methods=METHOD_NAMES,
                    applications=session.world.applications.values(),
                )
            case ("integrations", "api", "applications", key):
                return self._application(session, key, form, words)
            case ("integrations", "api", "applications", key, "secret") if form.posted:
                return self._new_secret(session, key)
        return _page(session, "missing", 404)

    def _agent(self, session: Session, key: str, form: Form, words: dict[str, Any]) -> Answer:
        world = session.world
        agent = Agent(0, "", team_ids=()) if key == "new" else _known_agent(world, key)
        if agent is None:
            return _page(session, "missing", 404)
        problems = []
        if form.posted:
            agent = _agent_from(form.fields, agent.id)
            if agent.name:
                agent.id = agent.id or max(*world.agents, world.data.size.agents) + 1
                world.agents[agent.id] = agent
                return _redirect(
                    f"/config/agents/{agent.id}{self._leave_word(saved=f'Saved. The Agent ID is {agent.id}.')}"
                )
            problems.append("Username is missing.")
        roles = [*((number, name) for number, name in ROLES.items()), ("", "none")]
        return _page(
            session,
            "agent",
            path=_here([*_AGENTS, (agent.name or "New", "")]),
            agent=agent,
            roles=roles,
            teams=TEAMS,
            problems=problems,
            **words,
        )

    def _application(self, session: Session, key: str, form: Form, words: dict[str, Any]) -> Answer:
        world, new = session.world, key == "new"
        application = (
            Application("", guid(secrets.token_hex(8)), "", 0, scopes=frozenset())
            if new
            else world.applications.get(key.lower())
        )
        if application is None:
            return _page(session, "missing", 404)
        problems = _fill_in(world, application, form.fields) if form.posted else []
        if problems or not form.posted:
            return _application_page(session, application, new=new, problems=problems, **words)
        if not new:
            return _redirect(f"{_link(application)}{self._leave_word(saved='Saved.')}")
        # HaloPSA may replace the Client ID at save: here it always does, so that it is learned
        application.client_id, application.secret = guid(secrets.token_hex(8)), new_secret()
        world.applications[application.client_id] = application
        self.realm.index(world)
        return _redirect(f"{_link(application)}{self._leave_word(secret=application.secret)}")

    def _new_secret(self, session: Session, key: str) -> Answer:
        application = session.world.applications.get(key.lower())
        if application is None:
            return _page(session, "missing", 404)
        application.secret = new_secret()
        return _redirect(f"{_link(application)}{self._leave_word(secret=application.secret)}")

    # --- the trainer's page ---

    def _trainer(self, form: Form) -> Answer:
        """Show which tenant is in which scenario; put one into another, or make one."""
        csrf = self._sign("csrf", "trainer")
        problems = []
        words: dict[str, Any] = self._flashes.pop(form.flash, {})
        if form.posted and not _is_own(form, csrf):
            return _too_old(None)
        if form.posted:
            name, chosen = form.fields.get("tenant", "").strip().lower(), form.fields.get("scenario", "")
            try:
                put_in_scenario(self.realm, name, chosen)
            except ValueError as error:
                problems.append(f"{error}")
            else:
                title = SCENARIOS[chosen].title
                return _redirect(
                    f"/practice{self._leave_word(saved=f'{name}: {title}. Its credentials are new.')}"
                )
        found = [world for name, world in self.realm.worlds.items() if form.search.lower() in name]
        return _page(
            None,
            "trainer",
            worlds=found[:_SHOWN],
            more=len(found) - _SHOWN,
            scenarios=SCENARIOS,
            csrf_token=csrf,
            current=self.realm.scenarios,
            search=form.search,
            problems=problems,
            **words,
        )


def _page(session: Session | None, template: str, status: int = 200, **values: Any) -> Answer:
    nonce = secrets.token_urlsafe(12)
    text = _templates().get_template(f"{template}.html.jinja").render(session=session, nonce=nonce, **values)
    policy = (
        f"default-src 'none'; style-src 'nonce-{nonce}'; script-src 'nonce-{nonce}'; form-action 'self'; "
        "frame-ancestors 'none'; base-uri 'none'"
    )
    headers: Headers = [
        ("cache-control", "no-store"),
        ("content-security-policy", policy),
        ("referrer-policy", "same-origin"),
        ("x-content-type-options", "nosniff"),
    ]
    return Answer(status, text.encode(), HTML, headers)


def _here(path: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return the path to a page, whose own entry is no link."""
    return [*path[:-1], (path[-1][0], "")]


def _is_own(form: Form, csrf: str) -> bool:
    return hmac.compare_digest(form.fields.get("csrf", "").encode(), csrf.encode())


def _too_old(session: Session | None) -> Answer:
    return _page(session, "missing", 403, problems=["This form is too old. Go back and load it again."])


def _agents(session: Session, search: str) -> Answer:
    everyone = [
        agent
        for agent in session.world.every_agent()
        if agent.id != UNASSIGNED_ID and search.lower() in agent.name.lower()
    ]
    # those made here have the highest numbers: they are shown in a long list, too
    shown = everyone if len(everyone) <= _SHOWN else everyone[: _SHOWN // 2] + everyone[-_SHOWN // 2 :]
    return _page(
        session,
        "agents",
        path=_here(_AGENTS),
        agents=shown,
        teams=TEAMS,
        more=len(everyone) - len(shown),
        search=search,
    )


def _known_agent(world: World, key: str) -> Agent | None:
    return world.agent(int(key)) if key.isdecimal() and key.isascii() and len(key) < 9 else None


def _agent_from(form: dict[str, str], agent_id: int) -> Agent:
    """Read the form of an agent."""
    role = form.get("role", "")
    return Agent(
        agent_id,
        form.get("name", "").strip()[:100],
        form.get("email", "").strip()[:200],
        is_disabled="active" not in form,
        is_api_only="api_only" in form,
        team_ids=tuple(team for team in TEAMS if f"team-{team}" in form),
        role_ids=(int(role),)
        if role.isdecimal() and role.isascii() and len(role) < 9 and int(role) in ROLES
        else (),
        workday_id=1 if form.get("workday") == "1" else 0,
    )


def _application_page(
    session: Session, application: Application, *, new: bool, problems: list[str], **words: Any
) -> Answer:
    world = session.world
    changed = [*world.agents.values(), *filter(None, [world.agent(application.agent_id)])]
    first = [agent for agent, _ in zip(world.every_agent(), range(_SHOWN), strict=False)]
    choices = {agent.id: agent.name for agent in (*first, *changed) if agent.id != UNASSIGNED_ID}
    agents = [("0", "none"), *((str(number), name) for number, name in sorted(choices.items()))]
    return _page(
        session,
        "application",
        path=_here([*_APPLICATIONS, ("New" if new else application.name, "")]),
        app=application,
        new=new,
        methods=METHOD_NAMES,
        login_types=LOGIN_NAMES,
        agents=agents,
        scopes=COMMON_SCOPES,
        rare=sorted(RARE_SCOPES),
        rare_open=bool(application.scopes & RARE_SCOPES),
        problems=problems,
        **words,
    )


def _fill_in(world: World, application: Application, form: dict[str, str]) -> list[str]:
    """Put a form into an application; return what is wrong with it, in which case the rest is not saved.

    What was typed stays in the form, as far as it can be read.
    """
    name, agent = form.get("name", "").strip()[:100], form.get("agent", "0")
    method, login_type = form.get("method", ""), form.get("login_type", "")
    problems = [] if name else ["Application Name is missing."]
    if (
        method not in METHODS
        or login_type not in LOGIN_TYPES
        or not (agent.isdecimal() and agent.isascii() and len(agent) < 9)
    ):
        problems.append("Choose a value of each list.")
    elif login_type == "agent" and world.agent(int(agent)) is None:
        problems.append("With Login Type Agent, choose the Agent.")
    if problems and application.client_id in world.applications:
        return problems
    if method in METHODS and login_type in LOGIN_TYPES:
        application.method, application.login_type = method, login_type
    application.name, application.active = name, "active" in form
    application.agent_id = int(agent) if agent.isdecimal() and agent.isascii() and len(agent) < 9 else 0
    application.scopes = frozenset(scope for scope in KNOWN_SCOPES if f"scope-{scope}" in form)
    return problems


def _link(application: Application) -> str:
    return f"/config/integrations/api/applications/{quote(application.client_id)}"


def _cookie_name(ask: Ask) -> str:
    """Cookies are shared by all ports of a host, so the port is in the name."""
    return f"halo_practice_{urlsplit(ask.origin).port or 80}"


def _redirect(target: str, headers: Headers | None = None) -> Answer:
    return Answer(303, headers=[("location", target), ("cache-control", "no-store"), *(headers or [])])


@lru_cache(maxsize=1)
def _templates() -> Environment:
    return Environment(
        loader=PackageLoader("halo_helpers.practice.screens"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
