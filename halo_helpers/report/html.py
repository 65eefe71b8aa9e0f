"""Verifications as one HTML page. Text from a tenant is data: escaped wherever it is shown."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from ..checks import CHECKS, DIAGNOSES
from ..checks.findings import BROKEN, FIXERS, OF_TENANTS
from ..system.plain_text import count_of
from ..verification.causes import cards_of
from ..verification.result import RUN, RUN_TITLES, WORDS, Verification
from .manifest import Changes, Manifest
from .over_time.drift import by_change
from .run import is_practice_run, totals, whose_network
from .text import by_reason, guide_command, step_words

if TYPE_CHECKING:
    from jinja2 import Template
    from markupsafe import Markup


REPORT_TEMPLATE = "report.html.jinja"


def to_html(
    results: Sequence[Verification], manifest: Manifest | None = None, *, evidence: bool = False
) -> str:
    """Return one self-contained page that opens offline; with `evidence`, tenants link to their notebooks.

    The first screen and the causes are plain HTML; the heat map is drawn by the page's own script from
    compact data, so that thousands of tenants stay readable.
    """
    ordered = sorted(results, key=lambda r: (_RANK[r.verdict], r.codes, r.tenant))
    judged = {r.tenant for r in results}
    undone = manifest.undone if manifest else ()
    told = judged | {left.tenant for left in undone}
    waiting = [name for name in (manifest.names if manifest else ()) if name not in told]
    since = manifest.since if manifest else {}
    return template(REPORT_TEMPLATE).render(
        totals=totals(results),
        count_of=count_of,
        words=WORDS,
        manifest=manifest,
        waiting=waiting,
        undone=by_reason(undone),
        missing=len(waiting) + len(undone),
        since=since,
        sections=_sections(ordered),
        step_words=step_words,
        guide_command=guide_command,
        owners=_owners(ordered),
        practice=is_practice_run(results),
        data=_data(ordered, since, evidence=evidence),
        trend=_trend(manifest.trend if manifest else ()),
        network=manifest.network if manifest else whose_network(results),
        drift=_drift(manifest.drift if manifest else (), results),
        unaccepted=_drift(manifest.unaccepted if manifest else (), results),
        changes=_changed_tenants(manifest.changes if manifest else None),
    )


_RANK = {verdict: rank for rank, verdict in enumerate(OF_TENANTS)}
"""A tenant is never `skip`."""
_FIRST, _MORE = 8, 92
"""Tenants of a cause that are named at once, and on a click; the table below has all of them."""


def _sections(results: Sequence[Verification]) -> list[tuple[str, list[dict[str, Any]]]]:
    """Group cards by who can mend them, then by cause: the most frequent of the worst first."""
    groups: dict[tuple[str, str], dict[str, Any]] = {}
    for result in results:
        for card in cards_of(result.checks):
            group = groups.setdefault(
                (card.code, card.cause.cause), {"card": card, "tenants": {}, "headlines": set()}
            )
            group["headlines"].add(card.headline)
            group["tenants"].setdefault(result.tenant, (result, card))
            if _RANK[card.verdict] < _RANK[group["card"].verdict]:
                group["card"] = card
    ordered = sorted(
        groups.values(), key=lambda g: (_RANK[g["card"].verdict], -len(g["tenants"]), g["card"].code)
    )
    sections: dict[str, list[dict[str, Any]]] = {}
    for group in ordered:
        headlines = group.pop("headlines")
        entries = list(group["tenants"].items())
        group["first"], group["more"] = entries[:_FIRST], entries[_FIRST : _FIRST + _MORE]
        group["rest"] = max(0, len(entries) - _FIRST - _MORE)
        group["practice"] = all(result.practice for result, _ in group["tenants"].values())
        known = DIAGNOSES.get(group["card"].code)
        group["headline"] = known.headline if known and len(headlines) > 1 else group["card"].headline
        sections.setdefault(FIXERS[group["card"].cause.fixer], []).append(group)
    return list(sections.items())


def _owners(results: Sequence[Verification]) -> list[tuple[str, list[str]]]:
    """Return whom to ask about which broken tenants; empty where no tenant has an owner."""
    if not any(result.owner for result in results):
        return []
    broken: dict[str, list[str]] = {}
    for result in results:
        if result.verdict in BROKEN:
            broken.setdefault(result.owner or "nobody named", []).append(result.tenant)
    return sorted(broken.items(), key=lambda pair: (-len(pair[1]), pair[0]))


def _changed_tenants(changes: Changes | None) -> dict[str, list[str]] | None:
    if changes is None:
        return None
    return {kind: sorted({entry["tenant"] for entry in changes[kind]}) for kind in ("new", "fixed", "still")}


def _drift(rows: Sequence[dict[str, Any]], results: Sequence[Verification]) -> list[dict[str, Any]]:
    """Return the changes of set-ups: each in words, whose it is, since when, and whether all of them work."""
    verdicts = {result.tenant: result.verdict for result in results}
    return [
        {
            "words": words,
            "tenants": [row["tenant"] for row in same],
            "since": min(row["since"] for row in same),
            "works": all(verdicts.get(row["tenant"]) not in BROKEN for row in same),
        }
        for words, same in by_change(rows).items()
    ]


def embedded(value: object) -> Markup:
    """Return JSON for a page's own script, which cannot end the script that it stands in."""
    from markupsafe import Markup

    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return Markup(text.replace("<", "\\u003c").replace("&", "\\u0026"))  # noqa: S704 - nothing in it ends the script


class _Table:
    """Values that many tenants share: each once, told by its number."""

    def __init__(self) -> None:
        self._numbers: dict[Any, int] = {}

    def number(self, value: Any) -> int:
        """Return a value's number."""
        return self._numbers.setdefault(value, len(self._numbers))

    @property
    def values(self) -> list[Any]:
        """The values, in the order of their numbers."""
        return list(self._numbers)


def _data(results: Sequence[Verification], since: dict[str, str], *, evidence: bool) -> Markup:
    """Return what the heat map is drawn from, small enough for tens of thousands of tenants.

    Shape: a row a tenant, of its name, label, base URL, verdict's letter, time since when it does not work,
    and tries; numbers of owner, agent and of the line of its checks; then a kind's and a text's number a
    finding. A kind is a headline, a code, a verdict's letter, and a number of advice or what it follows from.
    """
    columns = [*CHECKS, *([RUN] if any(check.id == RUN for r in results for check in r.checks) else [])]
    letters = {"pass": "p", "warn": "w", "fail": "f", "error": "e", "skip": "s"}
    advice, kinds, texts, lines = _Table(), _Table(), _Table(), _Table()
    rows = []
    for result in results:
        found = {check.id: letters[check.verdict] for check in result.checks}
        findings = []
        for _, f in result.findings:
            why = f.folds_into or advice.number((f.cause, f.remedy, step_words(f.step)))
            kind = kinds.number((f.headline, f.code, letters[f.verdict], why))
            findings += [kind, texts.number(f.seen)]
        rows.append(
            [
                *(result.tenant, result.label or "", result.base_url, letters[result.verdict]),
                *(since.get(result.tenant, ""), result.attempts),
                texts.number(result.owner or ""),
                texts.number(result.agent.label if result.agent else ""),
                lines.number("".join(found.get(name, "-") for name in columns)),
                *findings,
            ]
        )
    titles = [
        [name, CHECKS[name].title, CHECKS[name].otherwise, CHECKS[name].earned]
        if name in CHECKS
        else [name, *RUN_TITLES, RUN_TITLES[0]]
        for name in columns
    ]
    tables = {"advice": advice.values, "kinds": kinds.values, "texts": texts.values, "lines": lines.values}
    return embedded({"checks": titles, **tables, "tenants": rows, "evidence": evidence})


def _trend(runs: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the bars of the trend: heights in percent of all tenants of the run."""
    bars = []
    for run in runs:
        total = sum(run[verdict] for verdict in _RANK) or 1
        bars.append(
            run | {"parts": [(verdict, 100 * run[verdict] / total) for verdict in _RANK if run[verdict]]}
        )
    return bars


@lru_cache
def template(name: str) -> Template:
    """Return a template of this room's assets; what is put into it is escaped."""
    from jinja2 import Environment, PackageLoader

    loader = PackageLoader("halo_helpers.report", "assets")
    return Environment(loader=loader, autoescape=True, trim_blocks=True, lstrip_blocks=True).get_template(
        name
    )
