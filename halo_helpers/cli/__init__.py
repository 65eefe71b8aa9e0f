"""The command line: parses, calls, prints, exits. One file a group of commands."""

from __future__ import annotations

from .main import main
from .shared import app

__all__ = ["app", "main"]
