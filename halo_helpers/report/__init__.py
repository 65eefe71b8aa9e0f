"""Verifications as text, HTML, JUnit and CSV, and runs as they lie on disk (floor 5)."""

from __future__ import annotations

from .run import Run, compare, exit_code, find_run, load_run, totals
from .tables import to_csv, to_html, to_junit
from .text import agents_table, fleet_table, verification_text

__all__ = ["Run", "agents_table", "compare", "exit_code", "find_run", "fleet_table", "load_run", "to_csv", "to_html",
           "to_junit", "totals", "verification_text"]  # fmt: skip
