"""A customer's own copy of the notebooks, in the user's data folder, and taking over a newer guide."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ...errors import unreadable, unwritable
from ...system.files import read_regular, write_whole
from ...system.paths import make_data_folder, notebooks_folder
from ...tenants.answers import walks_folder
from .run_by_itself import saved_header, sign

ABOUT_OUTPUTS = re.compile(r"\*Outputs stored here[^*]*\*")
_KEY = "halo_runbook"
"""Where a copy says what it was made of: the tenant; `original` and `copy`, digests of the cells' sources."""


def open_walk(name: str, tenants_file: str = "", signed: Callable[[Path], None] = sign) -> Path:
    """Return a customer's folder of notebooks, with `tenant` set in them.

    Notebooks that are there already stay; each that is made goes to `signed`.

    Raises: ConfigError when the folder cannot be written.
    """
    folder = walks_folder() / name
    try:
        make_data_folder(folder)
        for original in sorted(notebooks_folder().glob("*.ipynb")):
            copy = folder / original.name
            if not copy.exists():
                _write(copy, _with_tenant(original, name, tenants_file))
                signed(copy)
    except OSError as error:
        raise unwritable(error, folder) from None
    return folder


def older_copies(name: str) -> list[str]:
    """Return the names of a customer's notebooks that were made of another guide than this one."""
    folder = walks_folder() / name
    return [
        original.name
        for original in sorted(notebooks_folder().glob("*.ipynb"))
        if (folder / original.name).exists()
        and _made_of(folder / original.name).get("original") != _digest(_read(original))
    ]


def take_over(name: str, tenants_file: str = "") -> list[str]:
    """Make a customer's older notebooks anew of this guide; answers and states stay as they are.

    A notebook that a person has changed, or of which that is not known, is kept beside the new one. Return
    the names under which these are kept.

    Raises: ConfigError when the folder cannot be written.
    """
    folder, kept = walks_folder() / name, []
    try:
        for notebook in older_copies(name):
            copy = folder / notebook
            if _made_of(copy).get("copy") != _digest(_read(copy)):
                beside = _free(folder, copy.stem)
                copy.rename(beside)
                kept.append(beside.name)
            _write(copy, _with_tenant(notebooks_folder() / notebook, name, tenants_file))
            sign(copy)
    except OSError as error:
        raise unwritable(error, folder) from None
    return kept


def _free(folder: Path, stem: str) -> Path:
    """Return a name beside a notebook that no file has."""
    number = 1
    while (folder / f"{stem}-yours-{number}.ipynb").exists():
        number += 1
    return folder / f"{stem}-yours-{number}.ipynb"


def _made_of(copy: Path) -> dict[str, str]:
    found = _read(copy).get("metadata", {}).get(_KEY, {})
    return found if isinstance(found, dict) else {}


def _read(file: Path) -> dict[str, Any]:
    """Return a notebook, an empty one for a file that is none: it is kept beside then.

    Raises: ConfigError when it cannot be read.
    """
    try:
        value = json.loads(read_regular(file))
    except OSError as error:
        raise unreadable(error, file) from None
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _digest(notebook: dict[str, Any]) -> str:
    """Return a digest of the cells' sources: running a notebook does not change it."""
    sources = ["".join(cell.get("source", "")) for cell in notebook.get("cells", [])]
    return hashlib.sha256(json.dumps(sources).encode()).hexdigest()[:16]


def _write(copy: Path, notebook: dict[str, Any]) -> None:
    write_whole(copy, json.dumps(notebook, indent=1, ensure_ascii=False) + "\n")


def _with_tenant(notebook: Path, name: str, tenants_file: str) -> dict[str, Any]:
    """Return a notebook with its own tenant, without the example's outputs; it runs once it is opened."""
    value: dict[str, Any] = json.loads(notebook.read_text(encoding="utf-8"))
    original = _digest(value)
    for cell in value["cells"]:
        if cell["cell_type"] != "code":
            cell["source"] = ABOUT_OUTPUTS.sub("", "".join(cell["source"])).rstrip()
            continue
        cell["outputs"], cell["execution_count"] = [], None
        if 'show("header")' in "".join(cell["source"]):
            html = {"text/html": saved_header(), "text/plain": "not run yet"}
            cell["outputs"] = [{"output_type": "display_data", "data": html, "metadata": {}}]
        if "parameters" in cell["metadata"].get("tags", []):
            source = "".join(cell["source"]).replace('tenant: str = "practice"', f"tenant: str = {name!r}")
            cell["source"] = source.replace('tenants_file: str = ""', f"tenants_file: str = {tenants_file!r}")
    value["metadata"][_KEY] = {"tenant": name, "original": original, "copy": _digest(value)}
    return value
