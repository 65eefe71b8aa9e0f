"""The desk of `fleet-report.ipynb`: a tenants file, its mistakes, its tenants, and a run of them."""

from __future__ import annotations

from .panel import desk

__all__ = ["desk"]
