"""Commands about runs that are done: `report`, `diff`, `status`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from ..errors import ConfigError
from ..system.plain_text import count_of
from .shared import OK, AsJson, app, complain, document, say

Runs = Annotated[Path, typer.Option("--dir", metavar="DIR", help="Where names of runs are looked up.")]


@app.command(short_help="Report a run again, on standard output.")
def report(
    run: Annotated[str, typer.Argument(metavar="RUN", help="A run's folder, a folder of runs, or: latest.")],
    folder: Runs = Path("runs"),
    kind: Annotated[
        str, typer.Option("--format", metavar="KIND", help="html, json, junit, csv or openmetrics.")
    ] = "html",
    tenant: Annotated[
        str | None,
        typer.Option("--tenant", metavar="NAME", help="This tenant's executed notebook, as a page."),
    ] = None,
) -> int:
    """Report a run again, on standard output."""
    from ..report import exit_code, find_run, load_run, to_csv, to_html, to_junit
    from ..report.over_time.openmetrics import to_openmetrics

    if tenant is not None:
        from ..report.notebook_page import notebook_page

        say(notebook_page(find_run(run, folder), tenant))
        return OK
    found = load_run(find_run(run, folder))
    kinds: dict[str, Callable[[], str]] = {
        "html": lambda: to_html(found.results, found.manifest),
        "json": lambda: document(
            found.manifest.as_json() | {"results": [r.as_json() for r in found.results]}
        ),
        "junit": lambda: to_junit(found.results, found.manifest.undone),
        "openmetrics": lambda: to_openmetrics(found),
        "csv": lambda: to_csv(found.results, found.manifest.undone),
    }
    if kind not in kinds:
        raise ConfigError(f"--format takes {', '.join(kinds)}, got {kind!r}")
    say(kinds[kind]())
    return exit_code(found.outcomes)


@app.command(short_help="Say what changed between two runs.")
def diff(
    run_a: Annotated[str, typer.Argument(metavar="RUN_A", help="The earlier run: its folder or name.")],
    run_b: Annotated[str, typer.Argument(metavar="RUN_B", help="The later one, or: latest.")],
    folder: Runs = Path("runs"),
    as_json: AsJson = False,
) -> int:
    """Say what is new, fixed and still failing between two runs."""
    from ..report import compare, find_run, load_run
    from ..report.over_time.drift import words_of

    before, after = load_run(find_run(run_a, folder)), load_run(find_run(run_b, folder))
    found = compare(before, after)
    unknown = len({result.tenant for result in after.results} - {result.tenant for result in before.results})
    if unknown:
        complain(f"{before.id} judged {count_of(unknown, 'tenant')} of the later run not: new may be older")
    if as_json:
        say(document(found))
        return OK
    lines = [
        f"{kind:6} {row['tenant']}  {row['check']}  {row['code']}"
        for kind in ("new", "fixed", "still", "gone")
        for row in found[kind]
    ]
    lines += [f"set up  {row['tenant']}  {words_of(row)}" for row in found["drift"]]
    say("\n".join(lines) or "nothing is broken in either run, and nothing is set up otherwise")
    return OK


@app.command(short_help="Say how old the newest run is and how it came out.")
def status(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A folder of runs.")],
    max_age: Annotated[str, typer.Option("--max-age", metavar="AGE", help="Such as 26h, 90m or 2d.")] = "26h",
    broken: Annotated[
        bool, typer.Option("--broken", help="Exit 1 when a run is fresh and tenants in it are broken.")
    ] = False,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="Print nothing when the exit code is 0.")
    ] = False,
    as_json: AsJson = False,
) -> int:
    """Say how old the newest complete run of the whole file is, and how it came out.

    Exit 0 when it is fresh, whatever it found; 3 when there is none, or it is too old.
    """
    from ..report.over_time.status import parse_age, status_of

    found: dict[str, Any] = status_of(folder, parse_age(max_age), broken=broken)
    if found["exit_code"] or not quiet:
        say(document(found) if as_json else found["words"])
    return int(found["exit_code"])
