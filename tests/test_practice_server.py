"""The practice server: its options, its control, its end, its load."""

from __future__ import annotations

import json
import os
import signal
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from halo_helpers.practice.control import PracticeError, PracticeServer, ask, start
from halo_helpers.practice.make_worlds import begin_walk
from halo_helpers.practice.ready import ready_line
from halo_helpers.practice.scenarios import SCENARIOS
from halo_helpers.practice.serve import Options, build_realm
from halo_helpers.practice.settings import OPTIONS, Settings

from .helpers.caller import Caller
from .helpers.loadgen import load, memory_mb


def test_the_same_seed_gives_the_same_bytes() -> None:
    def bytes_of(realm_seed: str) -> list[str]:
        world = build_realm(Options(seed=realm_seed)).worlds["practice"]
        return [json.dumps(world.data.ticket(n)) for n in range(1, 20)] + list(world.applications)

    assert bytes_of("a") == bytes_of("a") != bytes_of("b")


def test_two_thousand_tenants_of_the_large_size_are_made_lazily() -> None:
    realm = build_realm(Options(tenants=2000, size="large", scenarios=["healthy=19", "wrong-secret"]))
    assert len(realm.worlds) == 2000
    assert sum(name == "wrong-secret" for name in realm.scenarios.values()) == 100
    assert realm.worlds["tenant-0001"].data.ticket(20_000)["id"] == 20_000


@pytest.mark.parametrize(
    "options",
    [
        Options(scenarios=["none"]),
        Options(tenants=9999),
        Options(settings=["x=y"]),
        Options(settings=["token-format=x"]),
        Options(settings=["x"]),
        Options(rate_limit="a/b"),
        Options(scenarios=["healthy=x"]),
    ],
)
def test_wrong_options_are_refused_in_words(options: Options) -> None:
    with pytest.raises(PracticeError, match=r"known are|takes|unknown|weight"):
        start(options)


def test_every_setting_and_scenario_explains_itself() -> None:
    assert all(option.help for option in OPTIONS.values())
    assert Settings.parse([f"{key}={option.values[-1]}" for key, option in OPTIONS.items()])
    assert all(entry.title and entry.wrong for entry in SCENARIOS.values())


@pytest.fixture
def own() -> Iterator[PracticeServer]:
    with start() as server:
        yield server


def test_control_needs_its_header_and_shows_requests(own: PracticeServer) -> None:
    request = urllib.request.Request(f"{own.base_url}/practice/tenants")
    with pytest.raises(urllib.error.HTTPError, match="403"):
        urllib.request.urlopen(request)
    Caller(own.base_url, own.tenants[0]).get("Agent")
    seen = ask(own.base_url, "tenants/practice/requests")["requests"]
    assert [(entry["method"], entry["path"], entry["status"]) for entry in seen] == [
        ("POST", "/auth/token", 200),
        ("GET", "/api/Agent", 200),
    ]


def test_a_reset_tenant_forgets_its_tokens_and_takes_another_scenario(own: PracticeServer) -> None:
    one = Caller(own.base_url, own.tenants[0])
    old = one.token()
    entry = ask(own.base_url, "tenants/practice/scenario", "POST", name="app-inactive")
    assert (entry["scenario"], entry["expect"]) == ("app-inactive", ["invalid-client"])
    assert one.get("Agent", old)[0] == 401
    with pytest.raises(PracticeError, match="known are"):
        ask(own.base_url, "tenants/practice/scenario", "POST", name="none")


def test_the_server_ends_with_who_started_it(own: PracticeServer) -> None:
    assert own._process.stdin
    own._process.stdin.close()
    assert own._process.wait(timeout=10) == 0


@pytest.mark.parametrize("end", ["lifeline", "SIGTERM"])
@pytest.mark.parametrize("tls", [True, False])
def test_the_server_leaves_nothing_in_the_temporary_folder(
    end: str, tls: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    with start(Options(tls=tls)) as server:
        authority = [Path(server.ca_file)] if server.ca_file else []
        assert list(tmp_path.glob("halo-practice-*/*.pem")) == authority
        assert bool(authority) == tls
        if end == "SIGTERM":
            os.kill(server.pid, signal.SIGTERM)
            assert server._process.wait(timeout=10) == 0
    assert not list(tmp_path.glob("halo-*"))


def test_asking_who_is_no_practice_server() -> None:
    with pytest.raises(PracticeError, match="no practice server answers"):
        ask("http://127.0.0.1:1", "tenants")
    with pytest.raises(PracticeError, match="loopback"):
        ask("https://acme.halopsa.com", "tenants")


def test_twenty_thousand_requests_a_hundred_at_a_time() -> None:
    """No error and no growth of memory, with limits out of the way."""
    targets = [
        "/api/Agent/27",
        "/api/Tickets?pageinate=true&page_size=1",
        "/api/authinfo",
        "/api/Client?count=2",
        "/config",
        "/api/none",
    ]
    with start(Options(rate_limit="1000000000/1")) as server:
        wanted = {"Authorization": f"Bearer {Caller(server.base_url, server.tenants[0]).token()}"}
        load(server.base_url, targets, at_once=100, total=4_000, headers=wanted)
        before = memory_mb(server.pid)
        found = load(server.base_url, targets, at_once=100, total=20_000, headers=wanted)
        grown = memory_mb(server.pid) - before
    assert set(found) == {200, 404}
    assert found.total() == 20_000
    assert grown < 5


def test_the_learners_tenant_is_empty_and_counts_nowhere(own: PracticeServer) -> None:
    listed = ask(own.base_url, "tenants")["tenants"]
    first = ask(own.base_url, "walk", "POST")
    assert first["tenant"] == "walk-practice"
    assert ask(own.base_url, "walk", "POST") == first
    assert ask(own.base_url, "walk", "POST", anew="true")["made"] != first["made"]
    assert ask(own.base_url, "tenants")["tenants"] == listed
    realm = build_realm(Options())
    world = begin_walk(realm)
    assert (realm.default, realm.listed) == (realm.worlds["practice"], ["practice"])
    assert "Neo Agent" not in {agent.name for agent in world.every_agent()}
    assert [one.name for one in world.applications.values()] == ["Monitoring hub", "Mobile App"]
    assert "walk-practice" not in ready_line("http://127.0.0.1:1", realm, None)
