"""Write the notebooks of the guide as pages: each cell as a person sees it, and nothing runs."""

from __future__ import annotations

import json
import re
from pathlib import Path

from ...errors import ConfigError, unwritable
from ...guide.lab.working_copy import ABOUT_OUTPUTS
from ...guide.steps import NOTEBOOKS
from ...report.html import template
from ...system.files import write_whole
from ...system.paths import notebooks_folder
from ..base.style import CSS, box
from ..base.view import CardView
from ..cards.agents import AgentsPanel
from ..cards.header import TITLES
from ..walk import Walk

FIRST = "index.html"
REPORT = "report.html"
_SHOWN = re.compile(r'show\("([\w-]+)"\)')
_UNATTENDED = "For unattended runs"
"""The heading of the cells that people do not need."""
_LINK = re.compile(r"(href=[\"'])([\w-]+)\.ipynb(#[\w-]*)?")
_OUT = re.compile(r"<a ([^>]*?)href=([\"'])https?://[^\"']*\2")
_ASKS = re.compile(r"<(button|input|select|textarea)\b")


def guide_pages(walk: Walk, report: str) -> dict[str, str]:
    """Return each page by the name of its file: the notebooks as they look for this walk, and a report."""
    pages = {REPORT: report}
    for name in NOTEBOOKS:
        pages[f"{name}.html"] = _page(TITLES[name], _cells(notebooks_folder() / f"{name}.ipynb", walk), name)
    pages[FIRST] = _page("Start", "", "")
    return pages


def make_folder(folder: Path) -> None:
    """Make the folder of the pages, or take the one of before.

    Raises: ConfigError where other files are in it, or it cannot be made.
    """
    ours = {FIRST, REPORT, *(f"{name}.html" for name in NOTEBOOKS)}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        others = sorted(
            path.name for path in folder.iterdir() if path.name not in ours and path.name[0] != "."
        )
    except OSError as error:
        raise unwritable(error, folder) from None
    if others:
        raise ConfigError(f"{folder} holds something else ({others[0]}): give an empty folder")


def write_pages(folder: Path, pages: dict[str, str]) -> None:
    """Write the pages; those of before are replaced.

    Raises: ConfigError when they cannot be written.
    """
    try:
        for name, text in pages.items():
            write_whole(folder / name, text)
    except OSError as error:
        raise unwritable(error, folder) from None


def _page(title: str, body: str, here: str) -> str:
    from markupsafe import Markup

    shown, css = Markup(body), Markup(CSS)  # noqa: S704 - of this package's own notebooks and panels
    return template("site.html.jinja").render(
        title=title, body=shown, here=here, titles=TITLES, css=css, report=REPORT
    )


def _cells(file: Path, walk: Walk) -> str:
    """Return a notebook's cells up to those that are only for unattended runs."""
    parts = []
    for cell in json.loads(file.read_text(encoding="utf-8"))["cells"]:
        source = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            if _UNATTENDED in source:
                break
            parts.append(f"<div class='text'>{_markdown(ABOUT_OUTPUTS.sub('', source))}</div>")
        elif shown := _SHOWN.search(source):
            sticky = " class='halo-stick'" if shown[1] == "header" else ""
            parts.append(f"<div{sticky}>{_quiet(_html(walk, shown[1]))}</div>")
    return "\n".join(parts)


def _html(walk: Walk, what: str) -> str:
    """Return what a cell shows to a person who has it open."""
    panel = walk.panel(what)
    if isinstance(panel, AgentsPanel):
        panel.work.wait()
    if isinstance(panel.view, CardView):
        return box(panel.view.html)
    return box(f"<div class='h-card'>{panel.html}</div>")


def _markdown(source: str) -> str:
    from nbconvert.filters import markdown2html

    return _LINK.sub(r"\1\2.html\3", str(markdown2html(source)))


def _quiet(html: str) -> str:
    """Take away what would ask a kernel or a practice server; links between the pages stay."""
    html = _OUT.sub(r"<a \1aria-disabled='true'", html)
    return _ASKS.sub(r"<\1 disabled", _LINK.sub(r"\1\2.html\3", html))
