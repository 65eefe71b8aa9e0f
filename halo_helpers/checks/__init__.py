"""The checks: a registry, one file a layer (floor 3). Importing this package registers all of them in order."""

from __future__ import annotations

from . import address, token, identity, access, webhooks, limits  # noqa: F401, I001 - the order is that of the checks
from .registry import CHECKS, DIAGNOSES, Check, Diagnosis, Finding, Skipped, Verdict, diagnose, select

__all__ = ["CHECKS", "DIAGNOSES", "Check", "Diagnosis", "Finding", "Skipped", "Verdict", "diagnose", "select"]
