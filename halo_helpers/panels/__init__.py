"""What a person sees in a notebook: steps, entries, checks.

Every panel also has a static HTML form of itself, for stored pages and unattended runs.
"""

from __future__ import annotations

from .walk import Walk, open_guide, show, summary

__all__ = ["Walk", "open_guide", "show", "summary"]
