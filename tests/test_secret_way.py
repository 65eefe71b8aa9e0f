"""The way of a secret: who reveals it, and through whose hands it goes in a fleet run."""

from __future__ import annotations

import ast

import pytest

from .test_architecture import FILES, PACKAGES, SOURCES, graph_of

REVEALS = {
    "engine.job": "the one line that goes to a forked child, on a private connection",
    "client.token": "the form of the one POST that asks for a token",
    "client.halo_client": "the access token, in the header of a request",
    "survey.asker": "as client.token and client.halo_client, for a survey's questions about tokens",
    "admin.writing.writer": "an administrator's access token, in the header of a write",
    "client.connections": "the URL of a chat's webhook",
    "secrets.places": "keeps it where a person chose",
    "secrets.private_file": "writes the private file",
    "checks.token": "looks at its form",
    "panels.copy_secret": "copies it to the clipboard on a click",
    "panels.credentials": "compares what was typed",
}
"""Modules that call `reveal()`, and what for."""

WAY = (
    "tenants.trust",
    "engine.job",
    "engine.fork_server.asker",
    "engine.fork_server.child",
    "tenants.find",
    "verification.run_checks",
    "client.halo_client",
    "client.token",
    "client.door",
)
"""Through whose hands a value goes in a fleet run, after `secrets.references` has found it."""

STEPS = [
    ("tenants.trust", "secrets.references"),
    ("engine.job", "tenants.trust"),
    ("engine.fork_server.asker", "engine.job"),
    ("engine.fork_server.child", "engine.job"),
    ("engine.fork_server.child", "tenants.find"),
    ("verification.run_checks", "tenants.find"),
    ("verification.run_checks", "client.halo_client"),
    ("client.halo_client", "client.token"),
    ("client.token", "client.door"),
]
"""Who takes it from whom: (importer, imported)."""


def reveals(source: str) -> bool:
    """Whether a source calls `reveal()`."""
    return any(
        isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "reveal"
        for node in ast.walk(ast.parse(source))
    )


def names_a_value(source: str) -> bool:
    """Whether a source names the class of a secret value."""
    return any(isinstance(node, ast.Name) and node.id == "Secret" for node in ast.walk(ast.parse(source)))


def test_few_modules_reveal_a_secret() -> None:
    found = {name for name, source in SOURCES.items() if not name.startswith("practice") and reveals(source)}
    assert found == set(REVEALS)


@pytest.mark.parametrize(("taker", "giver"), STEPS)
def test_each_step_of_the_way_is_there(taker: str, giver: str) -> None:
    assert giver in graph_of(SOURCES, PACKAGES)[taker]


def test_the_way_is_short() -> None:
    assert len(WAY) + 1 <= 10
    assert set(WAY) <= set(FILES)


def test_nobody_beside_the_way_holds_a_value() -> None:
    """Who orders, schedules, runs and writes a notebook of a fleet run holds references only."""
    rooms = ("batch", "engine")
    found = {name for name, source in SOURCES.items() if name.startswith(rooms) and names_a_value(source)}
    allowed = {
        "engine.job": "on the way",
        "engine.fork_server.server": "the rehearsal's, which is no secret",
        "batch.notify": "a webhook's URL",
    }
    assert found == set(allowed)


def test_the_search_can_fail() -> None:
    assert reveals("x = secret.reveal()")
    assert not reveals("secret.reveal")
    assert names_a_value("def f(s: Secret) -> None: ...")
