"""The checks: a registry, one file a layer (floor 3). Importing this package registers all of them in order."""

from __future__ import annotations

# isort: off - checks are registered, and reported, in this order
from . import access, address, identity, limits, token, webhooks  # noqa: F401

# isort: on
from .registry import CHECKS, DIAGNOSES, Check, Diagnosis, Finding, Skipped, Verdict, diagnose, select

__all__ = ["CHECKS", "DIAGNOSES", "Check", "Diagnosis", "Finding", "Skipped", "Verdict", "diagnose", "select"]
