"""The entry of the command line: every foreseeable error is a line on standard error and an exit code."""

from __future__ import annotations

import os
import sys
from typing import Annotated, NoReturn

import typer

from ..errors import ConfigError, Mistake, SecretError
from ..system.account import forbid_core_dumps
from ..system.version import VERSION
from . import check, fleet, guide, practice, runs, tenants, upkeep  # noqa: F401 - they register their commands
from .shared import BAD_INPUT, INTERRUPTED, OK, app, complain, refuse, say, state


def _say_version(wanted: bool) -> None:
    if wanted:
        say(VERSION)
        raise typer.Exit


@app.callback()
def about(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_say_version, is_eager=True, help="Print the version and stop."),
    ] = False,
) -> None:
    """Connect HaloPSA to Neo Agent: guide, checks, practice tenants, fleet runs."""


def main() -> NoReturn:
    """Run the command line; every foreseeable error is a line on standard error and an exit code."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            # what Windows pipes in its own code page has no lines for tables
            encoding = {"encoding": "utf-8"} if sys.platform == "win32" else {}
            stream.reconfigure(errors="backslashreplace", **encoding)
    forbid_core_dumps()
    state["json"] = "--json" in sys.argv
    try:
        code = app(prog_name="halo-runbook", standalone_mode=False)
    except typer.Exit as stop:
        code = stop.exit_code
    except (KeyboardInterrupt, typer.Abort):
        complain("interrupted")
        code = INTERRUPTED
    except ConfigError as error:
        code = refuse(error.mistakes)
    except SecretError as error:
        code = refuse([Mistake(error.seen)])
    except BrokenPipeError:
        # the reader has gone, such as `| head`: nothing is left to say
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115
        code = OK
    except Exception as error:
        if type(error).__name__ == "NoArgsIsHelpError":
            print(error, file=sys.stderr)
            sys.exit(BAD_INPUT)
        show = getattr(error, "format_message", None)  # a mistake in the options, as the parser says it
        code = refuse(
            [Mistake(show() if show else f"this tool failed ({type(error).__name__}); please report it")]
        )
        if not show and os.environ.get("HALO_RUNBOOK_DEBUG"):
            raise
    sys.exit(code if isinstance(code, int) else OK)
