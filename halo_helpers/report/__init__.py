"""Verifications as text, HTML, JUnit and CSV, and runs as they lie on disk."""

from __future__ import annotations

from .csv_junit import to_csv, to_junit
from .html import to_html
from .run import (
    Run,
    asked_of,
    compare,
    differences,
    exit_code,
    find_run,
    has_changed,
    headline,
    is_practice_run,
    load_run,
    totals,
    whose_network,
    worst,
)
from .text import agents_table, fleet_table, verification_text

__all__ = [
    "Run",
    "agents_table",
    "asked_of",
    "compare",
    "differences",
    "exit_code",
    "find_run",
    "fleet_table",
    "has_changed",
    "headline",
    "is_practice_run",
    "load_run",
    "to_csv",
    "to_html",
    "to_junit",
    "totals",
    "verification_text",
    "whose_network",
    "worst",
]
