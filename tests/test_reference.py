"""PYTHON.md is what the docstrings say, and their examples are true."""

from __future__ import annotations

import doctest
import os
from pathlib import Path

import pytest

import halo_helpers

from .helpers.practice import Practice
from .helpers.reference import PARTS, reference

PAGE = Path(__file__).parent.parent / "PYTHON.md"
WITH_EXAMPLES = [None, "verify", "averify", "list_agents", "Tenant", "load_tenants", "Secret"]


def test_the_page_is_what_the_docstrings_say() -> None:
    if os.environ.get("HALO_WRITE_TABLE"):
        PAGE.write_text(reference(), encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == reference(), "run .ci/run refresh"


def test_each_public_name_is_in_it() -> None:
    public = {name for name in halo_helpers.__all__ if name != "__version__"}
    errors = {name for name in public if name.endswith("Error")}
    assert {name for names in PARTS.values() for name in names} | errors == public
    assert all(name in reference() for name in public)


@pytest.mark.parametrize("name", WITH_EXAMPLES)
def test_the_examples_are_true(
    practice: Practice, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str | None
) -> None:
    practice.reset()
    monkeypatch.setenv("HALO_PRACTICE_URL", practice.base_url)
    monkeypatch.chdir(tmp_path)
    value = getattr(halo_helpers, name) if name else halo_helpers
    tests = [
        one
        for one in doctest.DocTestFinder(recurse=False).find(value, name or "halo_helpers", globs={})
        if one.examples
    ]
    assert tests, "an example is missing"
    for one in tests:
        assert doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(one).failed == 0
