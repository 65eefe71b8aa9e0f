"""Commands about the guide: `lab`, `web`, `notebooks`."""

from __future__ import annotations

import contextlib
import json
import signal
import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..system.plain_text import count_of
from .shared import OK, AllowEnv, AsJson, SecretsDir, TenantsFile, allow, app, complain, group, say

if TYPE_CHECKING:
    from ..guide.walk_states import StepState

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
WalkOf = Annotated[str, typer.Option("--tenant", metavar="NAME", help="The customer whose walk is opened.")]
StepOf = Annotated[str, typer.Option("--step", metavar="ID", help="The step to begin at.")]
NoBrowser = Annotated[bool, typer.Option("--no-browser", help="Only print the address.")]


def _end_at_sigterm() -> None:
    """Let SIGTERM end this process as its normal end does: what it has started ends with it."""
    with contextlib.suppress(ValueError, AttributeError):
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(OK))


def say_new(tenant: str) -> None:
    """Say when a walk begins by this: a slip in a name would begin one, too."""
    from ..system.plain_text import did_you_mean
    from ..tenants.answers import walks_folder
    from ..tenants.tenant import NAME, PRACTICE

    known = {one.name for one in walks_folder().glob("*")}
    if NAME.fullmatch(tenant) and tenant not in known | {PRACTICE}:
        complain(f"{tenant!r} is new: its walk begins{did_you_mean(tenant, known)}")


@app.command(short_help="Open JupyterLab on the guide.")
def lab(
    with_practice: WithPractice = False,
    tenant: WalkOf = "practice",
    tenants_file: TenantsFile = None,
    allow_env: AllowEnv = None,
    secrets_dir: SecretsDir = None,
    step: StepOf = "",
    no_browser: NoBrowser = False,
    port: Annotated[
        int, typer.Option("--port", metavar="N", min=0, max=65535, help="0 takes a free one.")
    ] = 8888,
) -> int:
    """Open JupyterLab on the guide, in a working copy of its notebooks."""
    from ..guide.lab.jupyter import run_lab

    allow(allow_env, secrets_dir)
    _end_at_sigterm()
    say_new(tenant)
    return run_lab(
        tenant, tenants_file or "", practice=with_practice, browser=not no_browser, port=port, step=step
    )


@app.command(short_help="Show the guide as web pages, without Jupyter.")
def web(
    with_practice: WithPractice = False,
    tenant: WalkOf = "practice",
    tenants_file: TenantsFile = None,
    allow_env: AllowEnv = None,
    secrets_dir: SecretsDir = None,
    step: StepOf = "",
    no_browser: NoBrowser = False,
    port: Annotated[
        int, typer.Option("--port", metavar="N", min=1, max=65535, help="Where it is served.")
    ] = 8866,
) -> int:
    """Show the guide as web pages, for people without Jupyter: on this machine only, with a token."""
    from ..guide.lab.jupyter import run_web

    allow(allow_env, secrets_dir)
    _end_at_sigterm()
    say_new(tenant)
    return run_web(
        tenant,
        tenants_file or "",
        practice=with_practice,
        browser=not no_browser,
        port=port,
        show=complain,
        step=step,
    )


Walks = Annotated[str | None, typer.Argument(metavar="[NAME]", help="One customer, or “practice”.")]


@app.command(short_help="Say how far the walks through the guide are.")
def walk(name: Walks = None, tenants_file: TenantsFile = None, as_json: AsJson = False) -> int:
    """Print the state of every step of a walk, and the next one; without a name, of all walks.

    “practice” is the learner's own walk. Nothing is asked of any system, and nothing is written.
    """
    from ..guide.walk_states import walk_json
    from ..tenants.answers import known_walks
    from ..tenants.tenant import PRACTICE

    names = [name] if name else sorted({PRACTICE, *known_walks()})
    walks = [walk_json(one, _states(one, tenants_file), practice=one == PRACTICE) for one in names]
    if as_json:
        say(json.dumps(walks[0] if name else {"schema": WALKS_SCHEMA, "walks": walks}, ensure_ascii=False))
    else:
        say("\n\n".join(_walk_text(one, whole=name is not None) for one in walks))
    return OK


WALKS_SCHEMA = "halo-runbook/walks/1"


def _states(name: str, tenants_file: str | None) -> dict[str, StepState]:
    """Return the states of a walk.

    Raises: ConfigError when nobody knows the name.
    """
    from ..checks import CHECKS
    from ..errors import ConfigError
    from ..guide.walk_states import answers_of, states_of
    from ..guide.walk_store import read_store
    from ..tenants.answers import known_walks, read_answers
    from ..tenants.file_fields import shown_text
    from ..tenants.find import find_tenant
    from ..tenants.tenant import PRACTICE

    try:
        tenant = None if name == PRACTICE else find_tenant(name, tenants_file)
    except ConfigError:
        known = ", ".join(dict.fromkeys([PRACTICE, *known_walks()]))
        raise ConfigError(
            f"no walk and no tenant is called {shown_text(name)!r}; walks are: {known}"
        ) from None
    uses = {check.id: check.uses for check in CHECKS.values()}
    return states_of(read_store(name), answers_of(read_answers(name), tenant), uses)


def _walk_text(walk: dict[str, Any], *, whole: bool) -> str:
    """Return what people read of a walk: each step when it is the only one, else one line."""
    from ..guide.steps import NOTEBOOKS, STEPS
    from ..guide.walk_states import DONE, WORDS

    counted = [one for one in walk["steps"] if one["id"] != "change-secret"]
    done = sum(one["state"] in DONE for one in counted)
    after = STEPS[walk["next"]] if walk["next"] else None
    head = f"{walk['tenant']}: {done} of {count_of(len(counted), 'step')} done"
    head += f"; next: {after.title} ({after.where})" if after else "; finished" if walk["done"] else ""
    head += f", with {count_of(walk['overridden'], 'override')}" if walk["overridden"] else ""
    if not whole:
        return head
    lines = [head]
    for notebook in NOTEBOOKS:
        lines.append(f"\n{notebook}")
        for one in walk["steps"]:
            if STEPS[one["id"]].notebook == notebook:
                more = f"  {one['claim']}" if one["claim"] else ""
                lines.append(f"  {one['id']:<24} {WORDS[one['state']]}{more}")
    return "\n".join(lines)
