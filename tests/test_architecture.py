"""The floors of the design: imports point down only, and some libraries have one importer."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import halo_helpers

PACKAGE = Path(halo_helpers.__file__).parent
FLOORS = {
    "errors": 1, "system": 1, "practice": 1, "secrets": 2, "tenants": 3, "guide": 4, "client": 4, "checks": 5, "verification": 6,
    "report": 7, "engine": 8, "panels": 8, "batch": 9, "cli": 10, "__main__": 11,
}  # fmt: skip
"""Which rooms may import which: lower floors only."""
ONLY_IN = {
    "httpx": {"client"}, "ipywidgets": {"panels"}, "anywidget": {"panels"}, "papermill": {"engine"}, "nbclient": {"engine", "guide"},
    "nbformat": {"engine", "guide"}, "typer": {"cli"}, "uvicorn": {"practice"}, "jinja2": {"report", "practice"},
}  # fmt: skip


def module_of(path: Path) -> str:
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return parts[0]


def imports(path: Path) -> list[tuple[str, str]]:
    """Give (kind, name) of everything a file imports, inside functions too: `own` modules and `other` packages."""
    found = []
    package = ("halo_helpers", *path.relative_to(PACKAGE).parent.parts)
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            names = [node.module or ""]
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1]
            target = ".".join([*base, node.module]) if node.module else ".".join(base)
            names = [target] if node.module else [f"{target}.{alias.name}" for alias in node.names]
        for name in names:
            top, _, rest = name.partition(".")
            found.append(("own", rest.partition(".")[0]) if top == "halo_helpers" else ("other", top))
    return found


FILES = sorted(PACKAGE.rglob("*.py"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_point_down(path: Path) -> None:
    module = module_of(path)
    if module == "__init__":
        return  # the public names, loaded when they are first used
    assert module in FLOORS, f"{module} has no floor"
    for kind, name in imports(path):
        if kind == "own" and name not in {module, ""}:
            assert FLOORS[name] < FLOORS[module], f"{module} imports {name}"
            assert module != "practice", "the practice tenant imports nothing else of the package"
        if kind == "other" and name in ONLY_IN:
            assert module in ONLY_IN[name], f"{module} imports {name}"


def test_import_is_light() -> None:
    heavy = "{'httpx', 'ipywidgets', 'papermill', 'nbformat', 'ruamel.yaml', 'rich', 'asyncio', 'typer', 'starlette'}"
    code = f"import sys, halo_helpers; print(*({heavy} & set(sys.modules)))"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert out.strip() == ""
