"""A learner who sets up the practice tenant of the walk on its screens, by forms."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Self

import httpx

from halo_helpers.practice.control import ask

AGENT = {"name": "Neo Agent", "email": "team@neoagent.io", "active": "on", "role": "2", "workday": "1"}
APPLICATION = {
    "name": "Neo Agent Integration",
    "active": "on",
    "method": "client-credentials",
    "login_type": "agent",
    "scope-all:standard": "on",
    "scope-all:teams": "on",
    "scope-admin:webhooks": "on",
}


@dataclass
class Learner:
    """Signed in to `walk-practice`; makes the agent and the application, rightly unless told otherwise."""

    base_url: str
    anew: bool = True
    """Whether the walk's tenant is emptied first."""
    agent_id: int = 0
    client_id: str = ""
    client_secret: str = ""
    _pages: httpx.Client = field(init=False, repr=False)

    def __post_init__(self) -> None:
        ask(self.base_url, "walk", "POST", anew=str(self.anew).lower())
        self._pages = httpx.Client(base_url=self.base_url, follow_redirects=True, trust_env=False)
        self._pages.post("/signin", data={"tenant": "walk-practice"})

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._pages.close()

    def send(self, path: str, form: dict[str, Any]) -> str:
        """Send a form as its page does, and return the page that comes then."""
        page = self._pages.get(path).text
        token = re.search(r'name="csrf" value="(\w+)"', page)
        assert token, page
        return self._pages.post(path, data=form | {"csrf": token[1]}).text

    def make_agent(self, **changes: str) -> int:
        """Make the agent, or change it."""
        form = {k: v for k, v in (AGENT | {"team-1": "on"} | changes).items() if v}
        page = self.send(f"/config/agents/{self.agent_id or 'new'}", form)
        made = re.search(r"The Agent ID is (\d+)", page)
        assert made, page
        self.agent_id = int(made[1])
        return self.agent_id

    def make_application(self, **changes: str) -> None:
        """Make the application, or change it; what it shows is noted."""
        form = {k: v for k, v in (APPLICATION | {"agent": str(self.agent_id)} | changes).items() if v}
        page = self.send(f"/config/integrations/api/applications/{self.client_id or 'new'}", form)
        self.client_id = self._shown(page, "client-id") or self.client_id
        self.client_secret = self._shown(page, "client-secret") or self.client_secret

    def list_agents(self) -> str:
        """Return the page with the list of agents."""
        self._pages.post("/signin", data={"tenant": "walk-practice"})
        return self._pages.get("/config/agents").text

    def _shown(self, page: str, name: str) -> str:
        found = re.search(rf'id="{name}">([^<]+)<', page)
        return found[1] if found else ""
