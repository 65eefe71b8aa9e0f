"""The command line as people and schedulers use it: real processes, exit codes, one JSON document."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from halo_helpers.checks import CHECKS
from halo_helpers.cli.guide import say_new
from halo_helpers.cli.shared import in_colour
from halo_helpers.tenants.answers import walks_folder

from .helpers.command import document, halo
from .helpers.practice import Practice

SECRET = "0f1e2d3c-1111-4222-8333-444455556666-9a8b7c6d-aaaa-4bbb-8ccc-ddddeeeeffff"


def by_hand(practice: Practice, name: str, *more: str) -> list[str]:
    return [
        "check",
        "--base-url",
        practice.base_url,
        "--client-id",
        practice.entries[name]["client_id"],
        *more,
    ]


def test_check_of_a_healthy_tenant(practice: Practice) -> None:
    done = halo("check", "practice", "--json", HALO_PRACTICE_URL=practice.base_url)
    value = document(done)
    assert (done.returncode, value["verdict"], value["practice"], len(value["checks"])) == (
        0,
        "pass",
        True,
        len(CHECKS),
    )
    assert halo("check", "practice", HALO_PRACTICE_URL=practice.base_url).stdout.count("OK") > 25


def test_check_without_a_server_starts_one() -> None:
    assert halo("check", "practice", "--only", "token").returncode == 0


def test_wrong_agent_and_wrong_secret(practice: Practice) -> None:
    secret = practice.entries["healthy"]["client_secret"]
    done = halo(*by_hand(practice, "healthy", "--agent-id", "3", "--json"), stdin=secret + "\n")
    assert (done.returncode, document(done)["codes"]) == (1, ["agent-mismatch"])
    done = halo(*by_hand(practice, "healthy", "--agent-id", "99", "--json"), HALO_CLIENT_SECRET=secret)
    assert (done.returncode, document(done)["codes"]) == (1, ["agent-unknown"])
    done = halo(*by_hand(practice, "healthy", "--secret", "env:MINE"), MINE=SECRET)
    assert done.returncode == 1
    assert (
        done.stdout.index("secret is wrong")
        < done.stdout.index("copied before")
        < done.stdout.index("not active")
    )
    assert SECRET not in done.stdout + done.stderr


def test_no_such_host() -> None:
    done = halo(
        "check",
        "--base-url",
        "https://no-such-host.invalid",
        "--client-id",
        "1b6c0000-0000-4000-8000-000000000001",
        "--json",
        stdin=SECRET,
    )
    assert (done.returncode, document(done)["codes"]) == (3, ["dns-failed"])


def test_secret_that_does_not_resolve_is_exit_2(tmp_path: Path, practice: Practice) -> None:
    (tmp_path / "tenants.yaml").write_text(
        json.dumps(
            {
                "tenants": [
                    {
                        "name": "a",
                        "base_url": practice.base_url,
                        "client_id": "x",
                        "client_secret": "env:NOT_THERE",
                    }
                ]
            }
        )
    )
    done = halo("check", "a", "--json", cwd=tmp_path)
    assert (done.returncode, document(done)["codes"]) == (2, ["secret-unavailable"])
    assert "NOT_THERE" in done.stderr


BAD = {
    "nothing": (["check"], "give a tenant's name"),
    "both": (["check", "a", "--base-url", "x"], "not both"),
    "unknown tenant": (["check", "nobody"], "no tenants file"),
    "no such option": (["check", "--secret-value", "x"], "No such option"),
    "no such command": (["nonsense"], "No such command"),
    "missing file": (["batch", "none.yaml", "--out", "x"], "cannot be read"),
    "unwritable": (["demo", "--out", "/proc/x"], "cannot be written"),
    "no run": (["report", "none"], "no run is found"),
    "bad setting": (["practice", "--setting", "a=b"], "unknown setting"),
    "bad size": (["practice", "--size", "x"], "small or large"),
    "bad agent file": (["agents", "a", "--tenants-file", "none.yaml"], "cannot be read"),
    "unknown check": (["check", "practice", "--only", "x"], "layers are"),
    "secret with a name": (["check", "practice", "--secret", "env:A"], "has its own"),
    "bad reference": (
        ["check", "--base-url", "https://a.b", "--client-id", "x", "--secret", "x"],
        "is no reference",
    ),
    "no secret": (["check", "--base-url", "https://a.b", "--client-id", "x"], "no secret"),
    "bad tenant": (["lab", "--tenant", "../x"], "no name"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_one_clear_line_and_exit_2(name: str, tmp_path: Path) -> None:
    args, expected = BAD[name]
    done = halo(*args, cwd=tmp_path)
    assert (done.returncode, done.stdout, expected in done.stderr) == (2, "", True), done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_errors_as_json(tmp_path: Path) -> None:
    (tmp_path / "t.yaml").write_text("tenants:\n  - name: A\n")
    done = halo("batch", "t.yaml", "--out", "x", "--json", cwd=tmp_path)
    value = document(done)
    assert (done.returncode, value["schema"], len(value["errors"])) == (2, "halo-runbook/error/1", 4)
    assert value["errors"][0] == {"message": value["errors"][0]["message"], "file": "t.yaml", "line": 2}


def test_port_in_use() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        done = halo("practice", "--port", str(listener.getsockname()[1]))
    assert (done.returncode, "cannot be used" in done.stderr) == (2, True)


def test_agents(practice: Practice) -> None:
    done = halo("agents", "practice", "--json", HALO_PRACTICE_URL=practice.base_url)
    value = document(done)
    assert (done.returncode, value["schema"]) == (0, "halo-runbook/agents/1")
    assert [row["id"] for row in value["agents"] if row["is_own"]] == [27]
    everyone = document(halo("agents", "practice", "--all", "--json", HALO_PRACTICE_URL=practice.base_url))
    assert len(everyone["agents"]) == len(value["agents"]) + 1


def test_agents_that_cannot_be_listed(practice: Practice) -> None:
    args = by_hand(practice, "wrong-secret")[1:]
    done = halo("agents", *args, stdin=SECRET)
    assert (done.returncode, "invalid-client" in done.stderr) == (1, True)


def test_no_file_of_customers_is_replaced_by_practice_tenants(tmp_path: Path) -> None:
    file = tmp_path / "tenants.yaml"
    for text in ("tenants: [{name: acme, base_url: acme.halopsa.com, client_id: 1b6c}]\n", "notes of mine\n"):
        file.write_text(text)
        done = halo("practice", "--write-tenants", file)
        assert (done.returncode, file.read_text()) == (2, text)
        assert "stays: name another file" in done.stderr


def test_started_without_standard_streams_it_works(practice: Practice, tmp_path: Path) -> None:
    file, out = practice.write(tmp_path / "t.yaml", "healthy"), tmp_path / "runs"
    words = [sys.executable, "-m", "halo_helpers", "batch", str(file), "--out", str(out)]
    assert subprocess.run(["sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh", *words], check=False).returncode == 0
    assert json.loads(next(out.glob("*/run.json")).read_text())["verdict"] == "pass"


def test_a_walk_that_is_new_is_said_to_be(capsys: pytest.CaptureFixture[str]) -> None:
    (walks_folder() / "acme").mkdir(parents=True)
    for tenant, said in (
        ("acme", ""),
        ("practice", ""),
        ("acmee", "is new: its walk begins; did you mean “acme”?"),
    ):
        say_new(tenant)
        told = capsys.readouterr().err
        assert said in told
        assert bool(said) == bool(told)


def test_a_dumb_terminal_gets_plain_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    for term, coloured in (("xterm", True), ("dumb", False)):
        monkeypatch.setenv("TERM", term)
        assert in_colour() is coloured


def test_practice_prints_one_line_and_writes_tenants(tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "halo_helpers",
        "practice",
        "--scenario",
        "healthy",
        "--scenario",
        "wrong-secret",
        "--write-tenants",
        str(tmp_path / "t.yaml"),
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        line = json.loads(process.stdout.readline())
        assert [entry["name"] for entry in line["tenants"]] == ["healthy", "wrong-secret"]
        assert {"base_url", "ui_url"} <= set(line)
        text = (tmp_path / "t.yaml").read_text()
        assert line["tenants"][0]["client_secret"] not in text
        assert halo("check", "healthy", "--tenants-file", tmp_path / "t.yaml").returncode == 0
        assert halo("check", "wrong-secret", "--tenants-file", tmp_path / "t.yaml").returncode == 1
        # found by its note, without HALO_PRACTICE_URL
        assert (
            document(halo("check", "practice", "--only", "address", "--json"))["base_url"] == line["base_url"]
        )
        process.terminate()
        assert process.stdout.read() == ""


def test_practice_list() -> None:
    said = halo("practice", "--list").stdout
    assert "agent-without-team" in said
    assert "token-format" in said


def test_batch_report_and_diff(practice: Practice, tmp_path: Path) -> None:
    practice.write(tmp_path / "t.yaml", "healthy", "maintenance")
    done = halo("batch", "t.yaml", "--out", "runs", "--json", cwd=tmp_path)
    value = document(done)
    assert (done.returncode, value["verdict"]) == (3, "error")
    practice.write(tmp_path / "t.yaml", "healthy", "wrong-secret")
    assert halo("batch", "t.yaml", "--out", "runs", cwd=tmp_path).returncode == 1
    assert "<title>" in halo("report", "latest", cwd=tmp_path).stdout
    assert document(halo("report", "latest", "--format", "json", cwd=tmp_path))["results"][1]["codes"] == [
        "invalid-client"
    ]
    compared = halo("diff", value["id"], "latest", "--json", cwd=tmp_path)
    assert f"{value['id']} judged 1 tenant of the later run not: new may be older" in compared.stderr
    changed = document(compared)
    assert (changed["schema"], changed["new"][0]["tenant"], changed["gone"][0]["tenant"]) == (
        "halo-runbook/diff/1",
        "wrong-secret",
        "maintenance",
    )


def test_two_demos_side_by_side(tmp_path: Path) -> None:
    with ThreadPoolExecutor(2) as pool:
        both = list(pool.map(lambda _: halo("demo", "--out", tmp_path / "runs", cwd=tmp_path), range(2)))
    for done in both:
        assert done.returncode == 0, done.stderr
        assert "as planned" in done.stdout
        assert "lab --practice" in done.stdout
    runs = [path for path in (tmp_path / "runs").iterdir() if path.is_dir()]
    assert len(runs) == 2
    for run in runs:
        assert (
            len(list(run.glob("*.ipynb"))) == len(json.loads((run / "run.json").read_text())["tenants"]) == 10
        )


def test_demo_fails_when_an_expectation_is_not_met(tmp_path: Path) -> None:
    change = (
        "import halo_helpers.practice.scenarios as s, dataclasses; s.SCENARIOS['healthy'] = "
        "dataclasses.replace(s.SCENARIOS['healthy'], expect=('slow',))"
    )
    # the server is a process of its own: the altered expectation goes in through its start-up
    (tmp_path / "sitecustomize.py").write_text(
        f"import sys\nif 'halo_helpers.practice' in ' '.join(sys.orig_argv):\n    {change}\n"
    )
    done = halo("demo", "--out", tmp_path / "runs", PYTHONPATH=str(tmp_path))
    assert (done.returncode, "not diagnosed as planned" in done.stderr) == (1, True)


def test_help_of_every_command() -> None:
    for command in ("check", "agents", "practice", "batch", "demo", "report", "diff", "lab", "notebooks"):
        assert halo(command, "--help").returncode == 0


def test_help_is_whole_sentences_and_short_options_work() -> None:
    """`-h` on every level; no line of a list of commands is cut off at 80 columns."""
    from halo_helpers import __version__

    assert halo("--version").stdout.strip() == __version__
    for words in ((), ("tenants",), ("secrets",), ("check",), ("batch",)):
        done = halo(*words, "-h", COLUMNS="80")
        assert done.returncode == 0
        assert done.stdout == halo(*words, "--help", COLUMNS="80").stdout
    bare = halo()
    assert (bare.returncode, bare.stdout) == (2, "")
    assert bare.stderr.startswith("Usage: halo-runbook")
