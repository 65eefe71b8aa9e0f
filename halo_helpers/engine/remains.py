"""The evidence of a notebook whose process died: what was told of its cells, and where it died."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from ..secrets.redaction import redact
from ..system.files import write_whole
from .job import Json


def write_remains(
    source: Path,
    output: Path,
    cells: Mapping[int, Json | None],
    reason: str,
    parameters: Json,
) -> None:
    """Write the notebook that papermill could not.

    Cells that ended have their outputs; the one under way has failed.

    `cells` are those that were told, by their index after papermill has put in the cell with the parameters;
    None for one that began and did not end.
    """
    notebook: Json = json.loads(source.read_text(encoding="utf-8"))
    found = notebook["cells"]
    for cell in found:
        if cell["cell_type"] == "code":
            cell["outputs"], cell["execution_count"] = [], None
        cell["metadata"]["papermill"] = {
            "exception": None,
            "start_time": None,
            "end_time": None,
            "duration": None,
            "status": "pending",
        }
    _put_in(found, cells, reason)
    last = max(cells, default=-1)
    for cell in found[: last + 1]:
        if cell["metadata"]["papermill"]["status"] == "pending" and cell["cell_type"] != "code":
            cell["metadata"]["papermill"]["status"] = "completed"
    notebook["metadata"]["papermill"] = {
        "parameters": parameters,
        "input_path": str(source),
        "output_path": str(output),
        "exception": True,
    }
    write_whole(output, redact(json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"))


def _put_in(found: list[Json], cells: Mapping[int, Json | None], reason: str) -> None:
    """Put the cells that were told in their places."""
    for index in sorted(cells):
        ended = cells[index]
        if ended is not None and "injected-parameters" in ended["metadata"].get("tags", []):
            found.insert(index, ended)
        elif ended is not None and index < len(found):
            found[index] = ended
        elif index < len(found):
            found[index]["metadata"]["papermill"] |= {"exception": True, "status": "failed"}
            found[index]["outputs"] = [
                {
                    "output_type": "error",
                    "ename": "DeadKernelError",
                    "evalue": reason,
                    "traceback": [f"DeadKernelError: {reason}"],
                }
            ]
