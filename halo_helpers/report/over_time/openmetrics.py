"""A run as OpenMetrics, for the textfile collector of Prometheus' node exporter."""

from __future__ import annotations

import datetime as dt
import re

from ...checks.findings import BROKEN, OF_TENANTS
from ..run import Run, is_practice_run, totals

_PREFIX = "halo_runbook"


def to_openmetrics(run: Run) -> str:
    """Return it: when the run was, how it came out, and of each tenant whether its connection works.

    Source of the form: OpenMetrics 1.0 (https://openmetrics.io). The collector reads files `*.prom`.
    """
    manifest, counts = run.manifest, totals(run.results)
    practice = str(is_practice_run(run.results)).lower()
    lines = [
        *_gauge(
            "run_started_timestamp_seconds",
            "When the run was started.",
            [("", _seconds(manifest.started_at))],
        ),
        *_gauge(
            "run_finished", "Whether the run came to its end.", [("", int(manifest.finished_at is not None))]
        ),
        *_gauge(
            "tenants",
            "Tenants by how they came out.",
            [
                *((f'verdict="{verdict}",practice="{practice}"', counts[verdict]) for verdict in OF_TENANTS),
                (f'verdict="undone",practice="{practice}"', len(manifest.undone)),
            ],
        ),
        *_gauge(
            "connection_up",
            "Whether a tenant's connection works; warnings count as working.",
            [(_of(result.tenant, practice), int(result.verdict not in BROKEN)) for result in run.results],
        ),
        *_gauge(
            "finding",
            "What is wrong or worth a look with a tenant.",
            [
                (f'{_of(result.tenant, practice)},code="{_text(code)}"', 1)
                for result in run.results
                for code in result.codes
            ],
        ),
        *_gauge(
            "broken_since_timestamp_seconds",
            "Since when a tenant has been broken, or could not be checked.",
            [(_of(name, practice), _seconds(at)) for name, at in manifest.since.items()],
        ),
        *_gauge(
            "drift",
            "Fields of a tenant's set-up that differ from the run before.",
            [(f'{_of(row["tenant"], practice)},field="{_text(row["field"])}"', 1) for row in manifest.drift],
        ),
        "# EOF",
    ]
    return "\n".join(lines)


def _gauge(name: str, what: str, samples: list[tuple[str, float]]) -> list[str]:
    full = f"{_PREFIX}_{name}"
    rows = [
        f"{full}{{{labels}}} {value:.15g}" if labels else f"{full} {value:.15g}" for labels, value in samples
    ]
    return [f"# HELP {full} {what}", f"# TYPE {full} gauge", *rows]


def _of(tenant: str, practice: str) -> str:
    return f'tenant="{_text(tenant)}",practice="{practice}"'


def _text(value: str) -> str:
    return re.sub(r'[\\"\n]', lambda found: {"\\": r"\\", '"': r"\"", "\n": r"\n"}[found[0]], value)


def _seconds(at: str) -> float:
    """Return a moment of ISO 8601 as seconds since 1970, 0 for none."""
    return dt.datetime.fromisoformat(at).timestamp() if at else 0.0
