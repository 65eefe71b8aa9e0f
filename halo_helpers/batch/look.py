"""A run looked at in a notebook."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from html import escape
from pathlib import Path
from typing import Any

from ..checks import Verdict
from ..checks.findings import OF_TENANTS, WORST_FIRST
from ..practice.control import start
from ..practice.serve import Options
from ..report import Run, compare, find_run, fleet_table, is_practice_run, load_run, totals
from ..report.evidence import Evidence, code, word
from ..system.plain_text import count_of
from ..tenants.practice import write_practice_tenants
from ..tenants.tenant import PRACTICE
from ..verification.causes import cards_of
from ..verification.result import WORDS, Verification
from .fleet import FleetOptions, run_fleet

PRACTICE_SCENARIOS = ("healthy", "wrong-secret", "agent-disabled", "scope-missing-webhooks")


class _Shown:
    """HTML with its plain form."""

    def __init__(self, html: str, plain: str) -> None:
        self.html, self.plain = html, plain

    def _repr_mimebundle_(self, **_: object) -> dict[str, str]:
        return {"text/html": self.html, "text/plain": self.plain}


def look_at(run: str = "", before: str = "") -> FleetView:
    """Open a run, and an earlier one to compare with; without one, make a small run of practice tenants.

    Raises: ConfigError when a run cannot be found or read.
    """
    chosen = load_run(find_run(run)) if run else _practice_run()
    return FleetView(chosen, load_run(find_run(before)) if before else None)


def _practice_run() -> Run:
    folder = Path(tempfile.mkdtemp(prefix="halo-fleet-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    with start(Options(scenarios=list(PRACTICE_SCENARIOS))) as server:
        write_practice_tenants(folder / "tenants.yaml", server.tenants, server.base_url)
        return run_fleet(folder / "tenants.yaml", folder / "runs", FleetOptions())


class FleetView:
    """One run; as the last expression of a cell it shows who is broken, why, and what to do."""

    def __init__(self, run: Run, before: Run | None = None) -> None:
        self.run, self.before = run, before

    def _repr_mimebundle_(self, **_: object) -> dict[str, Any]:
        rows = "".join(
            f"<tr><td style='text-align:left'>{escape(r.tenant)}</td><td "
            f"style='text-align:left'>{word(card.verdict)}<br>{code(card.code)}</td>"
            f"<td style='text-align:left'>{escape(card.seen)}. {escape(card.cause.cause)}</td><td "
            f"style='text-align:left'>{escape(card.cause.remedy)}</td></tr>"
            for r in self._ordered()
            for card in cards_of(r.checks)
        )
        counts = totals(self.run.results)
        head = " · ".join(f"{word(v)} {counts[v]}" for v in OF_TENANTS)
        kind = "<p><b>Practice tenants</b></p>" if is_practice_run(self.run.results) else ""
        html = (
            f"{kind}<p>{head}</p><table><tr><th>Tenant</th><th>Result</th><th>What is wrong, and why</th>"
            f"<th>What to do</th></tr>{rows}</table>"
        )
        return {"text/html": html, "text/plain": fleet_table(self.run.results, self.run.manifest.undone)}

    def _ordered(self) -> list[Verification]:
        return sorted(self.run.results, key=lambda r: (WORST_FIRST.index(r.verdict), r.tenant))

    def heat_map(self) -> _Shown:
        """Show the worst verdict of each layer of checks, tenant by tenant."""
        layers = list(
            dict.fromkeys(check.id.partition(".")[0] for r in self.run.results for check in r.checks)
        )
        head = "".join(f"<th>{escape(layer)}</th>" for layer in layers)
        body, plain = [], []
        for result in self._ordered():
            cells = [_worst(result, layer) for layer in layers]
            body.append(
                f"<tr><td style='text-align:left'>{escape(result.tenant)}</td>"
                + "".join(f"<td>{word(c)}</td>" for c in cells)
                + "</tr>"
            )
            plain.append(
                f"{result.tenant}: "
                + ", ".join(f"{layer} {WORDS[c]}" for layer, c in zip(layers, cells, strict=True))
            )
        return _Shown(f"<table><tr><th>Tenant</th>{head}</tr>{''.join(body)}</table>", "\n".join(plain))

    def changes(self) -> _Shown:
        """Show what is new, fixed and still failing since the earlier run."""
        if self.before is None:
            return _Shown("<p>No earlier run is named in <code>before</code>.</p>", "no earlier run is named")
        found = compare(self.before, self.run)
        lines = [
            f"{kind}: {row['tenant']} {row['check']} {row['code']}"
            for kind in ("new", "fixed", "still", "gone")
            for row in found[kind]
        ]
        return _Shown(
            "<ul>" + "".join(f"<li>{escape(line)}</li>" for line in lines) + "</ul>"
            if lines
            else "<p>Nothing changed.</p>",
            "\n".join(lines) or "nothing changed",
        )

    def tenant(self, name: str = PRACTICE) -> Evidence | _Shown:
        """Show one tenant of the run; the worst one when the name is not in it."""
        ordered = self._ordered()
        chosen = next((r for r in ordered if r.tenant == name), ordered[0] if ordered else None)
        return Evidence(chosen) if chosen else _Shown("<p>The run has no result.</p>", "no result")

    def summary(self) -> str:
        """One line: how many tenants by verdict."""
        counts = totals(self.run.results)
        return f"{count_of(counts['tenants'], 'tenant')}: " + ", ".join(
            f"{counts[v]} {WORDS[v]}" for v in OF_TENANTS
        )


def _worst(result: Verification, layer: str) -> Verdict:
    found = {check.verdict for check in result.checks if check.id.startswith(f"{layer}.")}
    return next((verdict for verdict in WORST_FIRST if verdict in found), "skip")
