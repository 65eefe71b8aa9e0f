"""Walks: per customer a working copy of the notebooks and the answers given so far (floor 1).

They lie in the user's data folder, `walks/<tenant>/`, so that customers do not mix and the originals stay
clean. Answers are base URL, Client ID, Agent ID, a reference to the secret and the date it was entered, never the
secret.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from ..errors import ConfigError, Mistake
from ..system.files import data_folder, locked, notebooks_folder, write_whole

ANSWERS = ("base_url", "client_id", "client_secret", "agent_id", "label", "secret_set_at")
_FILE = ".tenant.json"
_ABOUT_OUTPUTS = re.compile(r"\*Outputs stored here[^*]*\*")


def walks_folder() -> Path:
    """Give the folder that holds all walks."""
    return data_folder() / "walks"


def known_walks() -> list[str]:
    """Give the names of the customers that have answers."""
    return sorted(path.parent.name for path in walks_folder().glob(f"*/{_FILE}"))


def read_answers(name: str) -> dict[str, str]:
    """Give what has been answered for a customer; empty when nothing was.

    Raises: ConfigError when the file is damaged.
    """
    file = walks_folder() / name / _FILE
    try:
        value = json.loads(file.read_text(encoding="utf-8"))
        return {key: str(value[key]) for key in ANSWERS if value.get(key)}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, AttributeError) as error:
        raise ConfigError(Mistake(f"cannot be read: {error}", str(file))) from None


def write_answers(name: str, **changes: str) -> dict[str, str]:
    """Change answers of a customer and give all of them; an empty value takes an answer back.

    Raises: ConfigError when the folder cannot be written.
    """
    folder = walks_folder() / name
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with locked(folder / f"{_FILE}.lock"):
            known = read_answers(name) | changes
            answers = {key: value for key, value in known.items() if key in ANSWERS and value}
            write_whole(folder / _FILE, json.dumps(answers, indent=1, ensure_ascii=False) + "\n")
    except OSError as error:
        raise ConfigError(Mistake(f"cannot be written: {error.strerror}", str(folder))) from None
    return answers


def open_walk(name: str, tenants_file: str = "") -> Path:
    """Give a customer's folder of notebooks, with `tenant` set in them; notebooks that are there already stay.

    Raises: ConfigError when the folder cannot be written.
    """
    folder = walks_folder() / name
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for original in sorted(notebooks_folder().glob("*.ipynb")):
            copy = folder / original.name
            if not copy.exists():
                write_whole(
                    copy,
                    json.dumps(_with_tenant(original, name, tenants_file), indent=1, ensure_ascii=False)
                    + "\n",
                )
    except OSError as error:
        raise ConfigError(Mistake(f"cannot be written: {error.strerror}", str(folder))) from None
    return folder


def _with_tenant(notebook: Path, name: str, tenants_file: str) -> dict[str, Any]:
    """Give a notebook with its own tenant, without the outputs of the example."""
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
