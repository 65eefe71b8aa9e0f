"""What is left out of an import stays out of it alone."""

from __future__ import annotations

import subprocess
import sys

import pytest

from halo_helpers.system.spared_imports import spared


def test_a_spared_module_is_missing_meanwhile_and_there_again() -> None:
    sys.modules.pop("this", None)
    with spared("this"), pytest.raises(ImportError):
        import this  # noqa: F401
    assert "this" not in sys.modules


def test_a_module_that_is_loaded_already_stays() -> None:
    with spared("json"):
        import json
    assert sys.modules["json"] is json


def test_jsonschema_compiles_no_grammar_and_the_grammar_can_be_had_later() -> None:
    lines = (
        "import sys",
        "from halo_helpers.system.spared_imports import load_jsonschema",
        "load_jsonschema()",
        "print('jsonschema' in sys.modules, 'lark' in sys.modules)",
        "import rfc3987_syntax",
    )
    done = subprocess.run(
        [sys.executable, "-c", "\n".join(lines)], capture_output=True, text=True, check=False
    )
    assert (done.stdout.strip(), done.stderr) == ("True False", "")
