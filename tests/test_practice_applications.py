"""The form of an application: HaloPSA's order of Generate, copy and Save, and what the sources leave open."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import httpx
import pytest

from halo_helpers import Tenant, verify
from halo_helpers.practice.control import PracticeServer, start
from halo_helpers.practice.serve import Options
from halo_helpers.secrets.value import Secret

from .helpers.learner import APPLICATION

APPLICATIONS = "/config/integrations/api/applications"
GENERATE = {"generate": "1"}


@pytest.fixture(params=["form", "after-save", "both"])
def shown(request: pytest.FixtureRequest) -> str:
    return str(request.param)


class Form:
    """The form of a new application of a practice server, signed in."""

    def __init__(self, server: PracticeServer, pages: httpx.Client) -> None:
        self.server, self.pages = server, pages
        self.pages.post("/signin", data={"tenant": "practice"})
        self.fields = APPLICATION | {"agent": "27"}
        self.at = f"{APPLICATIONS}/new"
        self.page = self.pages.get(self.at).text

    def press(self, **changes: str) -> None:
        hidden = dict(re.findall(r'<input type="hidden" name="([\w-]+)" value="([^"]*)"', self.page))
        answer = self.pages.post(self.at, data=self.fields | hidden | changes)
        self.page, self.at = answer.text, answer.url.path

    def shows(self, name: str) -> str:
        found = re.search(rf'id="{name}">([^<]+)<', self.page)
        return found[1] if found else ""

    def verdict(self, client_id: str, secret: str) -> list[str]:
        tenant = Tenant(
            name="made",
            base_url=self.server.base_url,
            client_id=client_id,
            client_secret=Secret(secret),
            agent_id=27,
        )
        return verify(tenant, only=["token.grant"]).codes


Opened = Callable[..., Form]


@pytest.fixture
def opened() -> Iterator[Opened]:
    with ExitStack() as stack:

        def open_form(**settings: str) -> Form:
            pairs = [f"{key.replace('_', '-')}={value}" for key, value in settings.items()]
            server = stack.enter_context(start(Options(settings=pairs)))
            pages = httpx.Client(base_url=server.base_url, follow_redirects=True, trust_env=False)
            return Form(server, stack.enter_context(pages))

        yield open_form


def test_a_secret_is_shown_when_the_setting_says(opened: Opened, shown: str) -> None:
    form = opened(secret_shown=shown)
    form.press(**GENERATE)
    in_form = form.shows("client-secret")
    assert bool(in_form) == (shown != "after-save")
    form.page = form.pages.get(str(form.at)).text
    assert in_form not in form.page or not in_form, "shown once"
    form.press(**GENERATE)
    in_form = form.shows("client-secret")
    form.press()
    after = form.shows("client-secret")
    assert bool(after) == (shown != "form")
    assert not (in_form and after) or in_form == after
    assert form.verdict(form.shows("client-id"), after or in_form) == []


@pytest.mark.parametrize("when", ["at-save", "while-open", "never"])
def test_the_client_id_changes_when_the_setting_says(opened: Opened, when: str) -> None:
    form = opened(client_id_changes=when)
    first = form.shows("client-id")
    form.press(**GENERATE)
    second = form.shows("client-id")
    assert (second != first) == (when == "while-open")
    form.press()
    third = form.shows("client-id")
    assert (third != second) == (when == "at-save")
    assert form.verdict(third, form.shows("client-secret")) == []


def test_what_was_generated_and_not_saved_is_nobodys_secret(opened: Opened) -> None:
    form = opened()
    form.press()
    client_id, secret = form.shows("client-id"), form.shows("client-secret")
    form.page = form.pages.get(form.at).text
    form.press(**GENERATE)
    pending = form.shows("client-secret")
    assert pending != secret
    assert form.verdict(client_id, secret) == []
    assert form.verdict(client_id, pending) == ["invalid-client"]
    form.press()
    assert form.verdict(client_id, secret) == ["invalid-client"]
    assert form.verdict(client_id, pending) == []


@pytest.mark.parametrize("renews", ["yes", "no"])
def test_another_login_type_after_generate_makes_another_secret(opened: Opened, renews: str) -> None:
    form = opened(login_type_renews_secret=renews)
    form.press(**GENERATE | {"login_type": "user"})
    copied = form.shows("client-secret")
    form.press()
    assert (form.shows("client-secret") != copied) == (renews == "yes")


def test_a_form_with_a_mistake_keeps_what_was_generated(opened: Opened) -> None:
    form = opened()
    form.press(**GENERATE)
    copied = form.shows("client-secret")
    form.press(name="")
    assert "Application Name is missing." in form.page
    form.press()
    assert form.shows("client-secret") == copied


def test_halopsas_own_application_is_listed_and_never_changed(opened: Opened) -> None:
    form = opened()
    listed = form.pages.get(APPLICATIONS).text
    own = re.search(rf"{APPLICATIONS}/([\w-]+)\">Mobile App</a> <small>HaloPSA's own", listed)
    assert own
    assert "Agent to log in as" in listed
    page = form.pages.get(f"{APPLICATIONS}/{own[1]}").text
    assert "<button>Save</button>" not in page
    assert 'name="generate"' not in page
    token = re.search(r'name="csrf" value="(\w+)"', page)
    assert token
    for more in ({}, GENERATE):
        sent = form.fields | {"csrf": token[1], "name": "Mine"} | more
        answer = form.pages.post(f"{APPLICATIONS}/{own[1]}", data=sent)
        assert answer.status_code == 403
    assert "Mine" not in form.pages.get(APPLICATIONS).text


def test_the_id_of_a_form_is_nobody_elses(opened: Opened) -> None:
    form = opened(client_id_changes="never")
    taken = re.findall(r"<code>([0-9a-f-]{36})</code>", form.pages.get(APPLICATIONS).text)
    for shown_id in (taken[0], "../x", ""):
        form = Form(form.server, form.pages)
        form.press(**{"shown-id": shown_id})
        assert form.shows("client-id") not in {*taken, shown_id}
