"""Commands about the guide: `lab`, `web`, `notebooks`."""

from __future__ import annotations

import contextlib
import signal
import sys
from typing import Annotated

import typer

from .shared import OK, AllowEnv, SecretsDir, TenantsFile, allow, app, complain, group, say

notebooks_app = group("notebooks", "The notebooks and their stored outputs.")


@notebooks_app.command("list")
def notebooks_list() -> int:
    """List the notebooks."""
    from ..system.paths import notebooks_folder

    say("\n".join(str(path) for path in sorted(notebooks_folder().glob("*.ipynb"))))
    return OK


@notebooks_app.command("refresh")
def notebooks_refresh() -> int:
    """Run every notebook against the practice tenant and store its outputs, the same bytes each time."""
    from ..guide.stored_outputs import refresh

    for name, changed in refresh():
        say(f"{'changed ' if changed else 'the same'}  {name}")
    return OK


WithPractice = Annotated[bool, typer.Option("--practice", help="Start practice tenants along with it.")]
WalkOf = Annotated[str, typer.Option("--tenant", help="The customer whose walk is opened.")]
NoBrowser = Annotated[bool, typer.Option("--no-browser", help="Only print the address.")]


def _end_at_sigterm() -> None:
    """Let SIGTERM end this process as its normal end does: what it has started ends with it."""
    with contextlib.suppress(ValueError, AttributeError):
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(OK))


@app.command(short_help="Open JupyterLab on the guide.")
def lab(
    with_practice: WithPractice = False,
    tenant: WalkOf = "practice",
    tenants_file: TenantsFile = None,
    allow_env: AllowEnv = None,
    secrets_dir: SecretsDir = None,
    no_browser: NoBrowser = False,
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="0 takes a free one.")] = 8888,
) -> int:
    """Open JupyterLab on the guide, in a working copy of its notebooks."""
    from ..guide.jupyter import run_lab

    allow(allow_env, secrets_dir)
    _end_at_sigterm()
    return run_lab(tenant, tenants_file or "", practice=with_practice, browser=not no_browser, port=port)


@app.command(short_help="Show the guide as web pages, without Jupyter.")
def web(
    with_practice: WithPractice = False,
    tenant: WalkOf = "practice",
    tenants_file: TenantsFile = None,
    allow_env: AllowEnv = None,
    secrets_dir: SecretsDir = None,
    no_browser: NoBrowser = False,
    port: Annotated[int, typer.Option("--port", min=1, max=65535)] = 8866,
) -> int:
    """Show the guide as web pages, for people without Jupyter: on this machine only, with a token."""
    from ..guide.jupyter import run_web

    allow(allow_env, secrets_dir)
    _end_at_sigterm()
    return run_web(
        tenant,
        tenants_file or "",
        practice=with_practice,
        browser=not no_browser,
        port=port,
        show=complain,
    )
