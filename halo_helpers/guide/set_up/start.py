"""Notebook 00-start: what is needed before one begins."""

from __future__ import annotations

from ..step import Field, Step

NOTEBOOK = "00-start"

STEPS = (
    Step(
        "prerequisites",
        "What you need before you begin",
        NOTEBOOK,
        fields=(
            Field(
                "Admin access",
                "a HaloPSA log-in that can open Configuration",
                "agents and applications are made there",
            ),
            Field(
                "API access",
                "a HaloPSA subscription with the API included",
                "Neo Agent talks to the API only",
            ),
            Field(
                "Named Licence",
                "one free agent licence",
                "the Neo agent is a full agent, not an API-only one",
            ),
            Field(
                "Base URL",
                "the address in the browser when HaloPSA is open, without anything after the host",
                "such as https://yourdomain.halopsa.com, with no slash at the end",
            ),
        ),
        see="The check reaches the instance and names its version.",
        missing=(
            "Without the entry Configuration in HaloPSA the log-in has no admin access: ask the "
            "customer's HaloPSA administrator."
        ),
    ),
)
