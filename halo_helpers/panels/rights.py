"""The rights, area by area, as a matrix."""

from __future__ import annotations

from html import escape

from ..checks.access import AREAS
from ..report.evidence import word
from ..verification.result import WORDS, Verification
from .base.style import box
from .base.view import Panel


def rights_panel(result: Verification) -> Panel:
    """Show for each area what Neo Agent does there, and whether reading it worked: writing is not asked."""
    rows, lines = [], []
    for area in AREAS:
        found = result[f"access.{area.name}"]
        does = "reads and writes" if area.writes else "reads"
        rows.append(
            f"<tr><td style='text-align:left'>{escape(area.title)}</td><td "
            f"style='text-align:left'>{does}</td>"
            f"<td style='text-align:left'>{word(found.verdict)}</td><td "
            f"style='text-align:left'>{escape(found.seen)}</td></tr>"
        )
        lines.append(f"{area.title}: {WORDS[found.verdict]}, {found.seen} (Neo Agent {does})")
    hooks = result["webhooks.manage"]
    rows.append(
        f"<tr><td style='text-align:left'>Webhooks</td><td style='text-align:left'>registers its own</td>"
        f"<td style='text-align:left'>{word(hooks.verdict)}</td><td "
        f"style='text-align:left'>{escape(hooks.seen)}</td></tr>"
    )
    lines.append(f"Webhooks: {WORDS[hooks.verdict]}, {hooks.seen} (Neo Agent registers its own)")
    head = "<tr><th>Area</th><th>Neo Agent</th><th>Reading</th><th>Seen</th></tr>"
    return Panel(box(f"<div class='halo-wide'><table>{head}{''.join(rows)}</table></div>"), "\n".join(lines))
