"""`--help`: every command in its group, two examples that can be typed, exit codes, 80 columns."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer.main
from typer.testing import CliRunner

from halo_helpers.cli.help.examples import EXAMPLES, GROUPS
from halo_helpers.cli.main import app


def commands(group: Any, before: str = "") -> list[str]:
    found = []
    for name, one in group.commands.items():
        path = f"{before} {name}".strip()
        found += commands(one, path) if hasattr(one, "commands") else [path]
    return found


PROGRAM = typer.main.get_command(app)
COMMANDS = commands(PROGRAM)


def test_every_command_stands_in_a_group_and_has_examples() -> None:
    assert sorted(name for names in GROUPS.values() for name in names) == sorted(PROGRAM.commands)  # type: ignore[attr-defined]
    assert EXAMPLES.keys() == set(COMMANDS)


@pytest.mark.parametrize("line", [line for lines in EXAMPLES.values() for line in lines])
def test_an_example_can_be_typed(line: str) -> None:
    """With --help behind it, it is read and not carried out: an option that is not there is an error."""
    done = CliRunner().invoke(app, [*shlex.split(line), "--help"], prog_name="halo-runbook")
    assert (done.exit_code, done.stderr) == (0, "")


@pytest.mark.parametrize("name", ["", *COMMANDS])
def test_help_fits_a_terminal_and_is_whole(name: str) -> None:
    words = [*name.split(), "--help"]
    done = CliRunner(env={"COLUMNS": "80"}).invoke(app, words, prog_name="halo-runbook")
    long = [line for line in done.stdout.splitlines() if len(line) > 80]
    assert [line for line in long if not line.startswith("  halo-runbook ")] == [], "but for what is copied"
    assert "..." not in done.stdout.replace("[ARGS]...", "")
    assert not name or "Exit codes:" in done.stdout


@pytest.mark.parametrize("name", COMMANDS)
def test_help_says_what_each_word_is_in_words(name: str) -> None:
    """No types of Python, no bounds in signs, and no option without a sentence."""
    done = CliRunner().invoke(app, [*name.split(), "--help"], prog_name="halo-runbook")
    assert not re.search(r"<\w|x[<>]=|[{}]", done.stdout)
    command = PROGRAM
    for word in name.split():
        command = command.commands[word]  # type: ignore[attr-defined]
    assert [one.name for one in command.params if not (one.help or "").endswith(".")] == []  # type: ignore[attr-defined]


@pytest.mark.parametrize("words", [["practice", "--list"], ["walk", "--json"]])
def test_a_full_disk_behind_standard_output_is_said(words: list[str]) -> None:
    command = [sys.executable, "-m", "halo_helpers", *words]
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 3
    assert done.stderr.splitlines() == [
        "halo-runbook: standard output cannot be written: No space left on device"
    ]


def test_closed_standard_output_is_no_fault() -> None:
    done = subprocess.run(
        f"{shlex.quote(sys.executable)} -m halo_helpers practice --list >&-",
        shell=True,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
        env=os.environ,
    )
    assert (done.returncode, done.stderr) == (0, "")
