"""Walks: per customer a working copy of the notebooks and the answers given so far.

They lie in the user's data folder, `walks/<tenant>/`, so that customers do not mix and the originals stay
clean. Answers are base URL, Client ID, Agent ID, names that were chosen, a reference to the secret and the
date it was entered, never the secret.
"""

from __future__ import annotations

import json
from pathlib import Path

from ..errors import unreadable, unwritable
from ..system.files import locked, write_whole
from ..system.paths import data_folder, make_data_folder

NAMES_CHOSEN = ("agent_name", "application_name")
"""What the agent and the application are called, where that is not the guide's own name."""
ANSWERS = ("base_url", "client_id", "client_secret", "agent_id", "label", "secret_set_at", *NAMES_CHOSEN)
_FILE = ".tenant.json"


def walks_folder() -> Path:
    """Return the folder that holds all walks."""
    return data_folder() / "walks"


def known_walks() -> list[str]:
    """Return the names of the customers that have answers."""
    return sorted(path.parent.name for path in walks_folder().glob(f"*/{_FILE}"))


def read_answers(name: str) -> dict[str, str]:
    """Return what has been answered for a customer; empty when nothing was.

    Raises: ConfigError when the file is damaged.
    """
    file = walks_folder() / name / _FILE
    try:
        value = json.loads(file.read_text(encoding="utf-8"))
        return {key: str(value[key]) for key in ANSWERS if value.get(key)}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, AttributeError) as error:
        raise unreadable(error, file) from None


def write_answers(name: str, **changes: str) -> dict[str, str]:
    """Change answers of a customer and return all of them; an empty value takes an answer back.

    Raises: ConfigError when the folder cannot be written.
    """
    folder = walks_folder() / name
    try:
        make_data_folder(folder)
        with locked(folder / f"{_FILE}.lock"):
            known = read_answers(name) | changes
            answers = {key: value for key, value in known.items() if key in ANSWERS and value}
            text = json.dumps(answers, indent=1, ensure_ascii=False) + "\n"
            write_whole(folder / _FILE, text, mode=0o600)
    except OSError as error:
        raise unwritable(error, folder) from None
    return answers
