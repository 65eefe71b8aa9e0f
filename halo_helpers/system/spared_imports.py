"""Leave optional modules out of what is imported meanwhile: some cost a second and serve nothing here."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator

IRI_GRAMMAR = "rfc3987_syntax"
"""jsonschema's optional check of IRIs, which comes with JupyterLab: its grammar takes over a second."""


@contextlib.contextmanager
def spared(*names: str) -> Iterator[None]:
    """Let imports of these modules fail as if they were not installed; those loaded already stay."""
    missing = [name for name in names if name not in sys.modules]
    sys.modules |= dict.fromkeys(missing)  # type: ignore[arg-type]
    try:
        yield
    finally:
        for name in missing:
            del sys.modules[name]


def load_jsonschema() -> None:
    """Import jsonschema, when it is there, without its check of IRIs."""
    with spared(IRI_GRAMMAR), contextlib.suppress(ImportError):
        import jsonschema  # type: ignore[import-untyped]  # noqa: F401 - loaded for those who import it later
