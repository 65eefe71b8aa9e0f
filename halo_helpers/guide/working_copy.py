"""A customer's own copy of the notebooks, in the user's data folder."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from ..errors import unwritable
from ..system.files import write_whole
from ..system.paths import make_data_folder, notebooks_folder
from ..tenants.answers import walks_folder

_ABOUT_OUTPUTS = re.compile(r"\*Outputs stored here[^*]*\*")


def open_walk(name: str, tenants_file: str = "") -> Path:
    """Return a customer's folder of notebooks, with `tenant` set in them.

    Notebooks that are there already stay.

    Raises: ConfigError when the folder cannot be written.
    """
    folder = walks_folder() / name
    try:
        make_data_folder(folder)
        for original in sorted(notebooks_folder().glob("*.ipynb")):
            copy = folder / original.name
            if not copy.exists():
                write_whole(
                    copy,
                    json.dumps(_with_tenant(original, name, tenants_file), indent=1, ensure_ascii=False)
                    + "\n",
                )
    except OSError as error:
        raise unwritable(error, folder) from None
    return folder


def _with_tenant(notebook: Path, name: str, tenants_file: str) -> dict[str, Any]:
    """Return a notebook with its own tenant, without the outputs of the example."""
    value: dict[str, Any] = json.loads(notebook.read_text(encoding="utf-8"))
    for cell in value["cells"]:
        if cell["cell_type"] != "code":
            cell["source"] = _ABOUT_OUTPUTS.sub("", "".join(cell["source"])).rstrip()
            continue
        cell["outputs"], cell["execution_count"] = [], None
        if "parameters" in cell["metadata"].get("tags", []):
            source = "".join(cell["source"]).replace('tenant = "practice"', f"tenant = {name!r}")
            cell["source"] = source.replace('tenants_file = ""', f"tenants_file = {tenants_file!r}")
    return value
