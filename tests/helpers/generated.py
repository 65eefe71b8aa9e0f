"""Whether generated files are those that were committed: `generated.py COMMITTED MADE_AGAIN`.

What differs from run to run is masked: ports, times, and in DIAGNOSES.md the column of what was seen.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from difflib import unified_diff
from pathlib import Path

TABLE = "DIAGNOSES.md"
MASKS = (
    (re.compile(r"127\.0\.0\.1:\d+"), "127.0.0.1:PORT"),
    (re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?"), "TIME"),
    (re.compile(r"\d+\.\d+ s\b|\d+ ms\b"), "DURATION"),
)
SEEN = re.compile(r"^(\| `[^|]+\| [^|]+)\| (?:\\\||[^|])*\|")
"""A row up to the end of its third cell; a bar in a cell stands behind a backslash."""


def generated(root: Path) -> list[str]:
    """Return the generated files of a checkout."""
    return [
        TABLE,
        "PYTHON.md",
        *sorted(path.relative_to(root).as_posix() for path in root.glob("notebooks/*.ipynb")),
    ]


def masked(name: str, text: str) -> list[str]:
    """Return the lines of a generated file without what differs from run to run."""
    for pattern, instead in MASKS:
        text = pattern.sub(instead, text)
    lines = text.splitlines(keepends=True)
    return [SEEN.sub(r"\1| SEEN |", line) for line in lines] if name == TABLE else lines


def differences(committed: Path, made_again: Path) -> Iterator[str]:
    """Yield the lines of a diff, none when the files of both agree."""
    for name in sorted({*generated(committed), *generated(made_again)}):
        sides = [
            masked(name, path.read_text(encoding="utf-8")) if (path := root / name).is_file() else []
            for root in (committed, made_again)
        ]
        yield from unified_diff(*sides, f"committed/{name}", f"made again/{name}", n=1)


if __name__ == "__main__":
    found = list(differences(Path(sys.argv[1]), Path(sys.argv[2])))
    sys.stdout.writelines(found)
    sys.exit("generated files are out of date: run .ci/run refresh and commit them" if found else 0)
