"""Small notebooks, run by papermill."""

from __future__ import annotations

from pathlib import Path

import nbformat
import papermill

from halo_helpers.system.paths import notebooks_folder

VERIFY = notebooks_folder() / "verify-tenant.ipynb"


def notebook(folder: Path, *cells: str) -> Path:
    nb = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    nb.cells[0].metadata.tags = ["parameters"]
    nb.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(nb, folder / "in.ipynb")
    return folder / "in.ipynb"


def run_notebook(source: Path, **options: object) -> object:
    return papermill.execute_notebook(
        source,
        source.with_name("out.ipynb"),
        engine_name="halo-runbook",
        kernel_name="python3",
        progress_bar=False,
        **options,
    )


def states(folder: Path) -> list[str]:
    return [
        cell.metadata.papermill.status
        for cell in nbformat.read(folder / "out.ipynb", 4).cells
        if "papermill" in cell.metadata
    ]
