"""The entry of the command line: every foreseeable error is a line on standard error and an exit code."""

from __future__ import annotations

import os
import signal
import sys
from typing import Annotated, NoReturn

import typer

from ..errors import ConfigError, Mistake, SecretError
from ..system.account import forbid_core_dumps
from ..system.extras import EXTRA_OF, needs_extra
from ..system.version import VERSION
from . import admin, check, fleet, guide, practice, runs, tenants, upkeep  # noqa: F401 - they register their commands
from .shared import BAD_INPUT, INTERRUPTED, NOT_JUDGED, OK, OutputError, app, complain, refuse, say, state


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


def _let_go_of_stdout() -> None:
    """Let what Python still wants to write at its end go nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


def _stop(*_: object) -> NoReturn:
    """Say at once that Ctrl+C was heard, and stop; a second one ends the clearing up, too.

    Raises: KeyboardInterrupt.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.write(2, b"\nhalo-runbook: stopping; Ctrl+C again to stop at once\n")
    raise KeyboardInterrupt


def _foreseen(error: Exception) -> str:
    """Say what is wrong where it is no fault of this tool: a slip in the options, a missing extra."""
    show = getattr(error, "format_message", None)
    if show:
        return str(show())
    module = (error.name or "").partition(".")[0] if isinstance(error, ModuleNotFoundError) else ""
    return needs_extra(module) if module in EXTRA_OF else ""


def _open_closed_streams() -> None:
    """Let what was started without standard streams read and write nothing, not files that it opens later."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:  # the lowest free number is the stream's own
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115, PTH123 - as long as we


def main() -> NoReturn:
    """Run the command line; every foreseeable error is a line on standard error and an exit code."""
    _open_closed_streams()
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            # what Windows pipes in its own code page has no lines for tables
            encoding = {"encoding": "utf-8"} if sys.platform == "win32" else {}
            stream.reconfigure(errors="backslashreplace", **encoding)
    signal.signal(signal.SIGINT, _stop)
    forbid_core_dumps()
    state["json"] = "--json" in sys.argv
    try:
        code = app(prog_name="halo-runbook", standalone_mode=False)
    except typer.Exit as stop:
        code = stop.exit_code
    except typer.Abort:
        complain("stopped: nothing more was entered")
        code = INTERRUPTED
    except KeyboardInterrupt:
        code = INTERRUPTED
    except ConfigError as error:
        code = refuse(error.mistakes)
    except SecretError as error:
        code = refuse([Mistake(error.seen)])
    except OutputError as error:
        complain(str(error))
        _let_go_of_stdout()
        code = NOT_JUDGED
    except BrokenPipeError:
        # the reader has gone, such as `| head`: nothing is left to say
        _let_go_of_stdout()
        code = OK
    except Exception as error:
        if type(error).__name__ == "NoArgsIsHelpError":
            print(error, file=sys.stderr)
            sys.exit(BAD_INPUT)
        foreseen = _foreseen(error)
        code = refuse([Mistake(foreseen or f"this tool failed ({type(error).__name__}); please report it")])
        if not foreseen and os.environ.get("HALO_RUNBOOK_DEBUG"):
            raise
    # what was started ends in order, however often Ctrl+C is pressed meanwhile
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sys.exit(code if isinstance(code, int) else OK)
