"""Make the stored outputs of the notebooks again, the same bytes each time.

They run against a practice server of their own; its origin is written as a fixed text, times and what differs
from machine to machine are left out, and so is widget state.
"""

from __future__ import annotations

import json
import re
import tempfile
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient

from ..errors import ConfigError
from ..system.files import write_whole
from ..system.paths import notebooks_folder

HOST = "practice.localhost"
_LIVE = re.compile(r"127\.0\.0\.1:\d+")
_DURATION = re.compile(r'"duration_s": [0-9.e-]+')
_STARTED = re.compile(r'"started_at": "[^"]*"')
_SPEED = re.compile(r"(\d+ requests), half of them answered within \d+ ms")
_WIDGET = "application/vnd.jupyter.widget-view+json"


def refresh(folder: Path | None = None) -> list[tuple[str, bool]]:
    """Run every notebook and store its outputs; return each name and whether the file changed.

    Raises: ConfigError when a notebook fails or cannot be written.
    """
    folder = folder or notebooks_folder()
    return [(path.name, _refresh_one(path)) for path in sorted(folder.glob("*.ipynb"))]


def _refresh_one(path: Path) -> bool:
    before = path.read_text(encoding="utf-8")
    notebook = nbformat.reads(before, as_version=4)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    with tempfile.TemporaryDirectory() as cwd:
        client = NotebookClient(
            notebook,
            kernel_name="python3",
            timeout=300,
            record_timing=False,
            coalesce_streams=True,
            store_widget_state=True,
            extra_arguments=["--log-level=ERROR"],
            resources={"metadata": {"path": cwd}},
            allow_errors=True,
        )
        client.execute()
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if output.output_type == "error":
                raise ConfigError(f"{path.name}, cell {cell.id}: {output.ename}: {output.evalue}")
            _settle(output)
    notebook.metadata.pop("widgets", None)
    notebook.metadata.pop("language_info", None)
    after = json.dumps(_lines(notebook), indent=1, ensure_ascii=False, sort_keys=True) + "\n"
    if after != before:
        write_whole(path, after)
    return after != before


def _settle(output: Any) -> None:
    """Replace what differs from run to run."""
    data = output.get("data", {})
    data.pop(_WIDGET, None)
    for kind, value in list(data.items()):
        if isinstance(value, str):
            data[kind] = _fixed(value)
        else:
            data[kind] = json.loads(_fixed(json.dumps(value)))
    if "text" in output:
        output["text"] = _fixed(output["text"])


def _fixed(text: str) -> str:
    text = _LIVE.sub(HOST, text)
    text = _DURATION.sub('"duration_s": 0', _STARTED.sub('"started_at": "2026-01-01T00:00:00Z"', text))
    return _SPEED.sub(r"\1", text)


def _lines(notebook: Any) -> dict[str, Any]:
    """Return the notebook with texts as lists of lines, as Jupyter stores them."""
    value: dict[str, Any] = json.loads(nbformat.writes(notebook))
    return value
