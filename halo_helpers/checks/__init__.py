"""The checks: a registry, one file a layer. Importing this package registers all of them in order."""

from __future__ import annotations

from importlib import import_module

from .findings import DIAGNOSES, Diagnosis, Finding, Skipped, Verdict, diagnose
from .registry import CHECKS, ON_REQUEST, Check, known_check, select

LAYERS = ("address", "token", "identity", "access", "webhooks", "limits")
"""The order in which checks are registered and reported: a check stands after those that it needs."""

for _layer in LAYERS:
    import_module(f".{_layer}", __name__)

__all__ = [
    "CHECKS",
    "DIAGNOSES",
    "LAYERS",
    "ON_REQUEST",
    "Check",
    "Diagnosis",
    "Finding",
    "Skipped",
    "Verdict",
    "diagnose",
    "known_check",
    "select",
]
