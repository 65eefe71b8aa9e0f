"""What every command needs: the application, exit codes, and the two streams."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sys
from typing import TYPE_CHECKING, Annotated, Any, TextIO

import typer

from ..errors import Mistake, SecretError
from .help.shown import App

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ..secrets.value import Secret

OK, FAILED, BAD_INPUT, NOT_JUDGED, INTERRUPTED = 0, 1, 2, 3, 130

_HELP = {"help_option_names": ["-h", "--help"], "max_content_width": 100}
app = App(
    context_settings=_HELP,
    rich_markup_mode=None,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
state: dict[str, Any] = {"json": False}
"""Whether one JSON document is asked for, which errors are then told in, too."""

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]
TenantsFile = Annotated[
    str | None,
    typer.Option(
        "--tenants-file",
        metavar="FILE",
        help="The tenants file; else the one in HALO_TENANTS_FILE, else ./tenants.yaml.",
    ),
]


AllowEnv = Annotated[
    list[str] | None,
    typer.Option(
        "--allow-env",
        metavar="NAME",
        help="Let a tenants file use this variable, whose name does not begin with HALO_; may be repeated.",
    ),
]
SecretsDir = Annotated[
    list[str] | None,
    typer.Option(
        "--secrets-dir",
        metavar="DIR",
        help="Let a tenants file use secrets' files below this folder; may be repeated.",
    ),
]


def allow(names: list[str] | None, folders: list[str] | None) -> None:
    """Take `--allow-env` and `--secrets-dir` over."""
    from ..secrets.rules import allow as allow_references

    allow_references(names or (), folders or ())


def name_file_here(given: str | None) -> None:
    """Say on standard error which tenants file is taken from the working folder, where nobody named one."""
    from ..tenants.find import tenants_file

    if not given and not os.environ.get("HALO_TENANTS_FILE") and tenants_file() is not None:
        complain(f"tenants file: {tenants_file()}")


@contextlib.contextmanager
def first_use_named() -> Iterator[None]:
    """Say on standard error, once in a data folder, that references are bound to their hosts."""
    from ..tenants.trust import knows_nothing

    was_new = knows_nothing()
    yield
    if was_new and not knows_nothing():
        complain("first use here: each reference is bound from now on to the host that it went to")


def group(name: str, about: str) -> typer.Typer:
    """Make a group of commands, such as `notebooks`."""
    made = App(context_settings=_HELP, rich_markup_mode=None, no_args_is_help=True, help=about)
    app.add_typer(made, name=name)
    return made


class OutputError(Exception):
    """What was asked for cannot be shown: standard output is full, for instance."""


def say(text: str) -> None:
    """Print for people, or the one JSON document; without any secret that this process has seen."""
    from ..secrets.redaction import redact

    try:
        print(redact(text), end="" if text.endswith("\n") else "\n", flush=True)
    except BrokenPipeError:
        raise
    except OSError as error:
        raise OutputError(f"standard output cannot be written: {error.strerror}") from None


def complain(text: str) -> None:
    """Print a line on standard error; on a terminal it is broken between words."""
    from ..secrets.redaction import redact

    line = f"halo-runbook: {redact(text)}"
    if sys.stderr.isatty():
        from textwrap import TextWrapper

        wrap = TextWrapper(shutil.get_terminal_size().columns, break_long_words=False, break_on_hyphens=False)
        line = "\n".join(wrap.fill(one) for one in line.split("\n"))
    print(line, file=sys.stderr, flush=True)


def piped_or_typed_secret(name: str, ways: str = "pipe it to standard input") -> Secret:
    """Take a secret from standard input when it is piped, else by a hidden prompt.

    `ways` say how it can be given.

    Raises: SecretError when it is empty.
    """
    from ..secrets.references import resolve
    from ..secrets.value import Secret

    if sys.stdin.isatty():
        return resolve("prompt:", name)
    value = Secret(sys.stdin.read(64 * 1024).removesuffix("\n").removesuffix("\r"))
    if not value:
        raise SecretError(f"no secret: {ways}")
    return value


def say_problems(
    problems: list[str],
    warnings: list[str],
    file: Path,
    *,
    as_json: bool,
    hosts: dict[str, str] | None = None,
) -> int:
    """Say what is wrong with a tenants file that can be read; return the exit code."""
    if as_json:
        errors: list[dict[str, object]] = [{"message": line, "file": str(file)} for line in problems]
        found = {"warnings": warnings} | ({} if hosts is None else {"hosts": hosts})
        say(document(error_document(errors) | found))
    else:
        lines = [*problems, *(f"warning: {line}" for line in warnings)]
        for name, host in (hosts or {}).items():
            lines.append(f"{name}: its secret goes to {host}")
        if not problems:
            lines.append("every entry is usable and every secret resolves; nobody was contacted")
        say("\n".join(lines))
    return BAD_INPUT if problems else OK


def refuse(mistakes: list[Mistake]) -> int:
    """Say what is wrong with the input; return the exit code."""
    if state["json"]:
        say(json.dumps(error_document([m.as_json() for m in mistakes]), ensure_ascii=False))
    for mistake in mistakes:
        complain(str(mistake))
    return BAD_INPUT


def error_document(errors: list[dict[str, object]]) -> dict[str, object]:
    """Build the document of an error (design, section 11) from entries of message, file and line."""
    return {"schema": "halo-runbook/error/1", "errors": errors}


def document(value: object) -> str:
    """Write a JSON document."""
    return json.dumps(value, indent=1, ensure_ascii=False)


def in_colour(stream: TextIO | None = None) -> bool:
    """Whether a stream, standard output by default, is a terminal that shows more than plain text."""
    return (stream or sys.stdout).isatty() and os.environ.get("TERM") != "dumb"


def terminal_width() -> int | None:
    """Return the terminal's width, None where there is none."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None
