"""The names that other programs rely on."""

from __future__ import annotations

import asyncio
import pickle
import subprocess
import sys
from pathlib import Path

import pytest

import halo_helpers
from halo_helpers import errors

from .helpers.practice import Practice


def test_names_are_those_of_the_design() -> None:
    assert {"test_connection", "list_agents", "verify", "load_tenants", "Tenant"} <= set(dir(halo_helpers))
    for name in halo_helpers.__all__:
        assert getattr(halo_helpers, name)


def test_those_for_a_loop_of_ones_own_give_the_same(practice: Practice) -> None:
    """Ten at a time in one loop, and a missing secret is a finding there, too."""

    async def several() -> list[halo_helpers.Verification]:
        return list(await asyncio.gather(*(halo_helpers.averify(practice.tenant()) for _ in range(10))))

    results = asyncio.run(several())
    assert {result.verdict for result in results} == {"pass"}
    assert asyncio.run(halo_helpers.atest_connection(practice.tenant())).verdict == "pass"
    agents = asyncio.run(halo_helpers.alist_agents(practice.tenant()))
    assert [agent.id for agent in agents] == [
        agent.id for agent in halo_helpers.list_agents(practice.tenant())
    ]
    lost = halo_helpers.Tenant("acme", practice.base_url, client_secret="env:HALO_NOT_SET")
    assert asyncio.run(halo_helpers.averify(lost)).codes == ["secret-unavailable"]
    with pytest.raises(halo_helpers.SecretError):
        asyncio.run(halo_helpers.alist_agents(lost))


def test_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError):
        _ = halo_helpers.nonsense


def test_connection_and_agents(practice: Practice) -> None:
    assert halo_helpers.test_connection(practice.tenant()).verdict == "pass"
    names = [agent.name for agent in halo_helpers.list_agents(practice.tenant())]
    assert "Neo Agent" in names


def test_works_where_an_event_loop_runs(practice: Practice) -> None:
    async def in_a_kernel() -> str:
        return halo_helpers.verify(practice.tenant(), only=["token"]).verdict

    assert asyncio.run(in_a_kernel()) == "pass"


@pytest.mark.parametrize(
    "error",
    [
        errors.HaloError("slow", "seen"),
        errors.ConfigError("wrong"),
        errors.SecretError("none"),
        errors.LabSilentError("no answer"),
        errors.BudgetError("used up"),
        errors.ApiError("server-error", "seen", 500),
        errors.NotFoundError("area-missing", "seen", 404),
        errors.GuardError("no"),
        errors.ConfigError([errors.Mistake("a", "f", 1), errors.Mistake("b")]),
        errors.ConnectionFailedError("dns-failed", "x"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_errors_can_be_pickled(error: errors.HaloError) -> None:
    copy = pickle.loads(pickle.dumps(error))
    assert (type(copy), copy.code, str(copy)) == (type(error), error.code, str(error))


def test_types_of_the_public_api() -> None:
    file = Path(__file__).parent / "typing" / "api.py"
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", str(file)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout
