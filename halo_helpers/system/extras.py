"""What is installed on request only: which extra brings it, and how it is had where this program runs."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path

EXTRA_OF = {
    "anywidget": "notebooks",
    "distributed": "dask",
    "fsspec": "publish",
    "hvac": "vault",
    "ipykernel": "notebooks",
    "ipywidgets": "notebooks",
    "jupyterlab": "lab",
    "keyring": "keyring",
    "nbclient": "notebooks",
    "nbconvert": "lab",
    "nbformat": "notebooks",
    "papermill": "notebooks",
    "starlette": "practice",
    "trustme": "practice",
    "uvicorn": "practice",
    "voila": "web",
}
"""The extra that brings a module (pyproject.toml)."""


def needs_extra(module: str, what: str = "this") -> str:
    """Say that something needs the extra that brings a module, and how to have it."""
    extra = EXTRA_OF[module]
    return f"{what} needs the extra “{extra}”: {_way()} 'halo-runbook[{extra}]'"


def is_missing(module: str) -> bool:
    """Whether a module, and with it an extra, is not installed."""
    return find_spec(module) is None


def _way() -> str:
    """Return the command that installs, the way this program was installed."""
    parts = Path(sys.prefix).parts
    if "pipx" in parts:
        return "pipx install --force"
    return "uv tool install --force" if {"uv", "tools"} <= set(parts) else "pip install"
