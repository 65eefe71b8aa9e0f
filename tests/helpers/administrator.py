"""An administrator of a practice tenant: applications made on its screens, and a person who answers."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from halo_helpers.admin.access import SCOPES, SignIn
from halo_helpers.admin.sign_in import REDIRECT
from halo_helpers.admin.writing.plan import Wishes
from halo_helpers.practice.control import PracticeServer, ask
from halo_helpers.secrets.value import Secret
from halo_helpers.tenants.practice import from_ready_entry
from halo_helpers.tenants.tenant import Tenant

from .caller import Caller
from .forms import send, signed_in

WISHES = Wishes("Neo Agent", "Neo Agent Integration", "team@neoagent.example")
APPLICATIONS = "/config/integrations/api/applications"


def application(server: PracticeServer, tenant: str, name: str, agent: str, *scopes: str) -> tuple[str, str]:
    """Make an application on the screens; give its Client ID and Client Secret."""
    cookie, csrf = signed_in(server, tenant)
    form = {"name": name, "active": "1", "method": "client-credentials", "login_type": "agent"}
    form |= {"agent": agent, "csrf": csrf} | {f"scope-{scope}": "1" for scope in scopes}
    made = send(server, "POST", f"{APPLICATIONS}/new", form, Cookie=cookie)
    page = send(server, "GET", made[1]["location"], Cookie=cookie)[2]
    client_id, secret = (
        page.partition(f'id="{name}">')[2].partition("<")[0] for name in ("client-id", "client-secret")
    )
    return client_id, secret


def native_application(
    server: PracticeServer, *without: str, redirect: str = REDIRECT, tenant: str = "practice"
) -> str:
    """Make an application for the sign-in in a browser on the screens; give its Client ID."""
    cookie, csrf = signed_in(server, tenant)
    form = {"name": "halo-runbook", "active": "1", "method": "authorization-code", "login_type": "none"}
    form |= {"agent": "0", "csrf": csrf, "redirect": redirect}
    scopes = {*SCOPES, "offline_access"} - set(without)
    form |= {f"scope-{scope}": "1" for scope in scopes}
    made = send(server, "POST", f"{APPLICATIONS}/new", form, Cookie=cookie)
    return str(made[1]["location"]).rpartition("/")[2].partition("?")[0]


def administrators_sign_in(server: PracticeServer, tenant: str, *scopes: str, agent: str = "2") -> SignIn:
    """Give the sign-in of an administrator by an application of his own."""
    client_id, secret = application(server, tenant, "Admin tool", agent, *(scopes or SCOPES))
    return SignIn(client_id, Secret(secret))


@dataclass
class Helper:
    """A person at a terminal who confirms all, and clicks what a test says."""

    click: Callable[[str], None] = lambda _: None
    """Gets the text of what is to be clicked."""
    given_secret: Callable[[], str] = lambda: ""
    before_writing: Callable[[], None] = lambda: None
    name: str = ""
    """What is typed for the confirmation; the tenant's name where empty."""
    told: list[str] = field(default_factory=list)
    clicks: int = 0

    def tell(self, text: str) -> None:
        self.told.append(text)

    def confirm_by_name(self, name: str) -> bool:
        self.before_writing()
        return (self.name or name) == name

    def agree(self, question: str) -> bool:
        self.told.append(question)
        return True

    def has_clicked(self) -> bool:
        self.clicks += 1
        self.click(self.told[-1])
        return self.clicks < 5

    def secret(self) -> Secret | None:
        return Secret(self.given_secret()) if self.given_secret() else None


@dataclass
class InMemory:
    """Keeps what a setup found in an object."""

    kept: dict[str, Any] = field(default_factory=dict)

    def keep(self, tenant: Tenant) -> None:
        self.kept |= {"client_id": tenant.client_id, "agent_id": tenant.agent_id}

    def keep_secret(self, tenant: Tenant, secret: Secret) -> Tenant:
        return replace(tenant, client_secret=secret)


@dataclass
class Instance:
    """A tenant that Neo Agent is connected to, with an administrator's API beside the tool under test."""

    server: PracticeServer
    entry: dict[str, Any]
    how: SignIn
    token: str = field(default="", repr=False)

    @classmethod
    def fresh(cls, server: PracticeServer, scenario: str = "connected") -> Instance:
        """Make the server's tenant anew."""
        name = server.tenants[0]["name"]
        return cls.of(server, ask(server.base_url, f"tenants/{name}/scenario", "POST", name=scenario))

    @classmethod
    def of(cls, server: PracticeServer, entry: dict[str, Any]) -> Instance:
        """Take a tenant as it is."""
        one = cls(server, entry, administrators_sign_in(server, entry["name"]))
        assert one.how.secret is not None
        form = {"client_id": one.how.client_id, "client_secret": one.how.secret.reveal()}
        caller = Caller(server.base_url, entry)
        form = caller.form(**form, scope=" ".join(SCOPES))
        one.token = str(caller.post(form)[2]["access_token"])
        return one

    @property
    def tenant(self) -> Tenant:
        """The tenant, as its entry in a tenants file."""
        return from_ready_entry(self.entry, self.server.base_url)

    def get(self, path: str) -> Any:
        """Read as the administrator."""
        status, answer = Caller(self.server.base_url, self.entry).get(path, self.token)
        assert status == 200, path
        return answer

    def delete(self, path: str) -> None:
        """Take an object away."""
        caller = Caller(self.server.base_url, self.entry)
        status = caller.send("DELETE", f"/api/{path}", Authorization=f"Bearer {self.token}")[0]
        assert status == 200, path

    def write(self, route: str, fields: dict[str, Any]) -> None:
        """Write fields of Neo Agent's agent, application or webhook."""
        self.make(route, {"id": self._id(route)} | fields)

    def make(self, route: str, row: dict[str, Any]) -> None:
        """Write one object."""
        body = json.dumps([row])
        bearer = {"Authorization": f"Bearer {self.token}", "Content_Type": "application/json"}
        caller = Caller(self.server.base_url, self.entry)
        status, _, raw = caller.send("POST", f"/api/{route}", body, **bearer)
        assert status in {200, 201}, raw

    def fields(self) -> dict[str, Any]:
        """Return every field that a setup may write, and some that it must not touch."""
        agent, hook = self.get("Agent/27"), {"active": None, "url": None, "events": []}
        if self._id("Webhook"):
            hook = self.get(f"Webhook/{self._id('Webhook')}?includedetails=true")
        own = self.get(f"Application/{self._id('Application')}?includedetails=true")
        return {
            **{name: agent[name] for name in ("name", "email", "isdisabled", "isapiagent", "workday_id")},
            "teams": sorted(row["team_id"] for row in agent["teams"]),
            "roles": sorted(row["id"] for row in agent["roles"]),
            **{name: own[name] for name in ("inactive", "loginas_agent_id", "clientId", "displayName")},
            **{name: own[name] for name in ("grant_type", "loginentity", "redirectUris")},
            "scopes": sorted(row["name"] for row in own["scopes"]),
            **{name: hook[name] for name in ("active", "url")},
            "events": len(hook["events"]),
        }

    def _id(self, route: str) -> Any:
        if route == "Agent":
            return 27
        if route == "Application":
            rows = self.get("Application")
            return next(row["id"] for row in rows if row["clientId"] == self.entry["client_id"])
        rows = self.get("Webhook?type=0")
        return next((row["id"] for row in rows if row["name"] == "Neo Agent"), None)
