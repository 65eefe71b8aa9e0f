"""What a run changed, in a message for people who do not open the report every day."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from ...checks.findings import BROKEN
from ...system.plain_text import count_of
from ...verification.causes import cards_of
from ...verification.result import Verification
from ..run import Run, has_changed, headline, is_practice_run
from ..text import by_reason, first_names
from .drift import by_change

MOST = 3_500
"""Characters of a message: what the strictest of the usual chats takes, with room to spare."""
_NAMES = 12


@dataclass(frozen=True)
class Note:
    """A message about a run. `names` are the broken tenants that it is about, whether or not all had room."""

    text: str
    names: frozenset[str] = field(default_factory=frozenset)


def note_of(run: Run, *, report_url: str = "", due: Iterable[str] = (), most: int = MOST) -> Note | None:
    """Return the message about a run, None when nothing changed and nobody is `due` to be named again.

    `report_url` is where the folder of runs is served; `most` are the characters that there is room for.
    """
    broken = {result.tenant: result for result in run.results if result.verdict in BROKEN}
    reminded = sorted(set(due) & broken.keys())
    if not has_changed(run.manifest) and not reminded:
        return None
    changes = run.manifest.changes
    new = sorted({row["tenant"] for row in changes["new"]} & broken.keys()) if changes else sorted(broken)
    reminded = [name for name in reminded if name not in new]
    fixed = sorted({row["tenant"] for row in changes["fixed"]} - broken.keys()) if changes else []
    head = ("Practice tenants. " if is_practice_run(run.results) else "") + headline(run.manifest)
    since = run.manifest.since
    reasons = by_reason(run.manifest.undone)
    not_verified = [f"{first_names(names, _NAMES)}: {seen}" for (_, seen), names in reasons.items()]
    changed = [
        f"{words}: {first_names([row['tenant'] for row in rows], _NAMES)}"
        for words, rows in by_change(run.manifest.drift).items()
    ]
    sections = [
        ("Broken" if changes is None else "Newly broken", [_line(broken[name]) for name in new]),
        ("Still broken", [_line(broken[name], since.get(name, "")) for name in reminded]),
        ("Mended", [first_names(fixed, _NAMES)] if fixed else []),
        ("Set up otherwise", changed),
        ("Not verified", not_verified),
    ]
    foot = f"Report: {report_url.rstrip('/')}/{run.id}/report.html" if report_url else ""
    return Note(_fitted(head, sections, foot, most), frozenset({*new, *reminded}))


def _line(result: Verification, since: str = "") -> str:
    """Say what is wrong with a tenant, what to do, and whose it is."""
    card = next(iter(cards_of(result.checks)), None)
    label = f" ({result.label})" if result.label else ""
    owner = f" Owner: {result.owner}." if result.owner else ""
    when = f", since {since[:10]}" if since else ""
    return f"{result.tenant}{label}: {card.code}{when}. {card.cause.remedy}{owner}" if card else result.tenant


def _fitted(head: str, sections: Sequence[tuple[str, list[str]]], foot: str, most: int) -> str:
    """Put it together; of what has no room only the number is said."""
    lines, left = [head], most - len(head) - len(foot) - 60
    dropped = 0
    for title, entries in sections:
        for number, entry in enumerate(entries):
            shown = ([f"{title}:"] if number == 0 else []) + [f"• {entry}"]
            size = sum(map(len, shown)) + len(shown)
            if size > left:
                dropped += len(entries) - number
                break
            lines += shown
            left -= size
    if dropped:
        lines.append(f"… and {count_of(dropped, 'line')} more, in the report.")
    return "\n".join([*lines, *([foot] if foot else [])])
