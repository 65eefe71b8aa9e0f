"""The classes that show `--help`: commands in groups, and below the options examples and exit codes."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, TypeVar

import typer
from typer.core import TyperCommand, TyperGroup

from .examples import DOES, EXAMPLES, EXITS, GROUPS

F = TypeVar("F", bound=Callable[..., Any])
PROGRAM = "halo-runbook"


_BOUNDS = r"(?:[\d.]+<=?)?x[<>]=?[\d.]+"
_RANGE = re.compile(rf"; {_BOUNDS}|  \[{_BOUNDS}\]")
"""What a number may be, in signs that are no sentence."""


class Command(TyperCommand):
    """A command whose help ends with examples and exit codes."""

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """Return what stands behind the name; what must be given has no braces."""
        return [piece.strip("{}") for piece in super().collect_usage_pieces(ctx)]

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write arguments and options, numbers as a person writes them."""
        for title, kind in (("Arguments", "argument"), ("Options", "option")):
            records = [
                one.get_help_record(ctx) for one in self.get_params(ctx) if one.param_type_name == kind
            ]
            if rows := [(name, _plain(text)) for name, text in filter(None, records)]:
                with formatter.section(title):
                    formatter.write_dl(rows)

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        """Write them."""
        name = ctx.command_path.removeprefix(PROGRAM).strip()
        if name in EXAMPLES:
            with formatter.section("Examples"):
                formatter.write("".join(f"  {PROGRAM} {line}\n" for line in EXAMPLES[name]))
        with formatter.section("Exit codes"):
            formatter.write_text(f"{EXITS.get(name, DOES)}, 130 interrupted.")


def _plain(text: str) -> str:
    return re.sub(r"(?<=default: )(\d+)\.0\b", r"\1", _RANGE.sub("", text))


class Group(TyperGroup):
    """A group of commands; the program's own shows them in the order of the work."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write the commands."""
        grouped = GROUPS if ctx.parent is None else {"Commands": tuple(self.list_commands(ctx))}
        width = max(len(name) for names in grouped.values() for name in names)
        for title, names in grouped.items():
            commands = ((name, self.get_command(ctx, name)) for name in names)
            with formatter.section(title):
                formatter.write_dl(
                    [(name.ljust(width), one.get_short_help_str(200)) for name, one in commands if one]
                )


class App(typer.Typer):
    """A group whose commands show their help so."""

    def __init__(self, **options: Any) -> None:
        super().__init__(cls=Group, **options)

    def command(self, name: str | None = None, **options: Any) -> Callable[[F], F]:
        """Register a command."""
        return super().command(name, cls=Command, **options)
