"""The rooms of the package: imports point down only, no circle, and some libraries have few importers."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import halo_helpers

PACKAGE = Path(halo_helpers.__file__).parent
HERE = "the table in tests/test_architecture.py"

FLOORS = {
    "errors": 1,
    "system": 1,
    "practice": 1,
    "secrets": 2,
    "tenants": 3,
    "guide": 4,
    "client": 4,
    "checks": 5,
    "verification": 6,
    "report": 7,
    "survey": 7,
    "engine": 8,
    "admin": 8,
    "panels": 9,
    "batch": 10,
    "cli": 11,
    "__main__": 12,
}
"""Which room may import which: only rooms on lower floors. `practice` imports no other room at all."""

ONLY_IN = {
    "httpx": {"client.door", "client.connections", "client.direct_transport"},
    "h11": {"client.direct_transport"},
    "ipywidgets": {"panels"},
    "anywidget": {"panels"},
    "papermill": {"engine"},
    "nbclient": {"engine", "guide.stored_outputs"},
    "nbformat": {"engine", "guide.stored_outputs", "guide.lab.run_by_itself"},
    "typer": {"cli"},
    "uvicorn": {"practice"},
    "jinja2": {"report", "practice"},
}
"""Which rooms or modules may import a library."""

ONE_WAY_IN = {"admin": {"cli.admin", "panels"}}
"""Rooms that only these may import: what writes is reached by nobody else (the administrator's lane)."""

AT_THE_ROOT = 18
"""Files and rooms at the root, `__init__.py` counted."""
IN_A_FOLDER = 10
"""Modules in one folder, besides its `__init__.py`; a folder in it counts for itself."""

LINES = 400
"""Lines of a module."""


@dataclass(frozen=True)
class Import:
    """One import of a module: the module that is imported, the names, whether it is for types only."""

    target: str
    names: tuple[str, ...]
    for_types: bool


def name_of(path: Path, root: Path = PACKAGE) -> str:
    """Return a file's dotted name below the package, empty for the package itself."""
    parts = path.relative_to(root).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports_of(source: str, package: str) -> Iterator[Import]:
    """Return everything that a source in the folder `package` imports, inside functions too."""
    tree = ast.parse(source)
    typed = {
        id(node)
        for block in ast.walk(tree)
        if isinstance(block, ast.If) and "TYPE_CHECKING" in ast.unparse(block.test)
        for node in ast.walk(block)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(alias.name, (), id(node) in typed)
        elif isinstance(node, ast.ImportFrom):
            parts = package.split(".")
            base = ".".join(parts[: len(parts) - node.level + 1]) if node.level else ""
            target = ".".join(part for part in (base, node.module) if part)
            yield Import(target, tuple(alias.name for alias in node.names), id(node) in typed)


def graph_of(sources: Mapping[str, str], packages: Iterable[str]) -> dict[str, set[str]]:
    """Return which module imports which, types aside. `sources` are by dotted name below the package."""
    packages = set(packages)
    graph: dict[str, set[str]] = {name: set() for name in sources}
    for name, source in sources.items():
        folder = name if name in packages else name.rpartition(".")[0]
        for one in imports_of(source, f"halo_helpers.{folder}".rstrip(".")):
            if one.for_types or one.target.partition(".")[0] != "halo_helpers":
                continue
            target = one.target.partition(".")[2]
            for entry in one.names or ("",):
                inner = f"{target}.{entry}".strip(".")
                graph[name].add(inner if inner in sources else target)
        graph[name].discard(name)
    return graph


def room_of(module: str) -> str:
    """Return the room, or the file at the root, that a module belongs to."""
    return module.partition(".")[0]


def upward(graph: Mapping[str, set[str]], floors: Mapping[str, int] = FLOORS) -> list[str]:
    """Return the imports that do not point down, and the modules without a floor."""
    found = []
    for name, targets in graph.items():
        if not name:
            continue  # the package itself: its public names are loaded when they are first used
        if room_of(name) not in floors:
            found.append(f"{name} has no floor; give its room one in {HERE}, FLOORS")
            continue
        for target in sorted(targets):
            room, other = room_of(name), room_of(target)
            if not target:
                found.append(f"{name} imports the package itself; import from the module that has it")
            elif other not in floors:
                found.append(f"{target} has no floor; give its room one in {HERE}, FLOORS")
            elif room != other and (room == "practice" or floors[other] >= floors[room]):
                found.append(
                    f"{name} (floor {floors[room]}) imports {target} (floor {floors[other]}): "
                    f"imports point down only; move what is shared down, or change {HERE}, FLOORS"
                )
    return found


def circle(graph: Mapping[str, set[str]]) -> list[str]:
    """Return the modules of one circle of imports, empty when there is none."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def foreign(sources: Mapping[str, str], allowed: Mapping[str, set[str]] = ONLY_IN) -> list[str]:
    """Return the imports of a library outside the modules that may import it."""
    found = []
    for name, source in sources.items():
        for one in imports_of(source, "halo_helpers"):
            homes = allowed.get(one.target.partition(".")[0])
            if homes is not None and not one.for_types and not homes & {name, room_of(name)}:
                found.append(f"{name} imports {one.target}; only {sorted(homes)} may: see {HERE}, ONLY_IN")
    return found


def let_in(graph: Mapping[str, set[str]], doors: Mapping[str, set[str]] = ONE_WAY_IN) -> list[str]:
    """Return the imports of a room by somebody who has no way in."""
    return [
        f"{name} imports {target}; only {sorted(doors[room_of(target)])} may: see {HERE}, ONE_WAY_IN"
        for name, targets in graph.items()
        for target in targets
        if room_of(target) in doors
        and room_of(name) != room_of(target)
        and not any(name == door or name.startswith(f"{door}.") for door in doors[room_of(target)])
    ]


def crowded(folder: Path, limit: int) -> str:
    """Say that a folder holds more modules than its limit, empty when it does not."""
    modules = [path for path in folder.glob("*.py") if path.name != "__init__.py"]
    return f"{folder.name} holds {len(modules)} modules, at most {limit}" if len(modules) > limit else ""


FILES = {name_of(path): path for path in sorted(PACKAGE.rglob("*.py")) if "_notebooks" not in path.parts}
SOURCES = {name: path.read_text(encoding="utf-8") for name, path in FILES.items()}
PACKAGES = {name for name, path in FILES.items() if path.name == "__init__.py"}


@pytest.fixture(scope="module")
def graph() -> dict[str, set[str]]:
    return graph_of(SOURCES, PACKAGES)


def test_imports_point_down(graph: dict[str, set[str]]) -> None:
    assert upward(graph) == []


def test_nothing_that_verifies_reaches_the_client_that_writes(graph: dict[str, set[str]]) -> None:
    assert let_in(graph) == []
    writer = "admin.writing.writer"
    reached, todo = set[str](), ["verification.run_checks", "batch.fleet", "cli.check", "cli.fleet"]
    while todo:
        name = todo.pop()
        if name not in reached:
            reached.add(name)
            todo += graph.get(name, ())
    assert writer in SOURCES
    assert writer not in reached


def test_no_circle(graph: dict[str, set[str]]) -> None:
    assert circle(graph) == []


def test_libraries_have_their_importers() -> None:
    assert foreign(SOURCES) == []


def test_rooms_are_not_crowded() -> None:
    root = [path for path in PACKAGE.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()]
    assert len(root) <= AT_THE_ROOT, f"{len(root)} at the root: a new room raises {HERE}, AT_THE_ROOT"
    folders = [PACKAGE, *(path.parent for path in PACKAGE.rglob("__init__.py"))]
    assert [said for folder in folders if (said := crowded(folder, IN_A_FOLDER))] == []


def test_modules_are_read_in_one_sitting() -> None:
    long = {name: lines for name, text in SOURCES.items() if (lines := text.count("\n")) > LINES}
    assert long == {}


def test_every_floor_is_a_room() -> None:
    assert set(FLOORS) == {room_of(name) for name in FILES if name}


def test_each_rule_can_fail(tmp_path: Path) -> None:
    """What the rules above must find, found in small packages that break them."""
    sources = {"": "", "secrets": "", "secrets.value": "", "tenants": "", "tenants.find": "", "batch": ""}
    packages = {"", "secrets", "tenants", "batch"}

    def graph_with(**changed: str) -> dict[str, set[str]]:
        return graph_of(
            {**sources, **{name.replace("_", "."): text for name, text in changed.items()}}, packages
        )

    assert upward(graph_with(tenants_find="from ..secrets.value import Secret")) == []
    assert upward(graph_with(secrets_value="from ..tenants.find import x"))
    assert upward(graph_with(secrets_value="def f():\n    from ..tenants import find"))
    assert upward(graph_with(secrets_value="from .. import __version__"))
    assert not upward(graph_with(secrets_value="if TYPE_CHECKING:\n    from ..tenants.find import x"))
    assert upward(graph_with(attic_x="")) == [f"attic.x has no floor; give its room one in {HERE}, FLOORS"]
    both = graph_with(tenants_find="from . import file", tenants_file="def f():\n    from .find import y")
    assert set(circle(both)) == {"tenants.find", "tenants.file"}
    assert foreign({"report.html": "import httpx"})
    assert not foreign({"client.door": "import httpx"})
    assert let_in({"batch.fleet": {"admin.access"}})
    assert not let_in({"cli.admin.setup": {"admin.access"}, "admin.x": {"admin.y"}})
    for number in range(3):
        (tmp_path / f"m{number}.py").touch()
    assert crowded(tmp_path, 2)
    assert not crowded(tmp_path, 3)


@pytest.mark.parametrize(
    ("module", "heavy"),
    [
        ("halo_helpers", "asyncio httpx ipywidgets nbformat papermill rich ruamel.yaml starlette typer"),
        ("halo_helpers.cli.main", "asyncio httpx ipywidgets nbformat papermill ruamel.yaml starlette"),
        ("halo_helpers.engine.entry_point", "halo_helpers.client httpx nbformat papermill"),
        # what it loads first decides what a run's start costs: see its `make_ready`
        ("halo_helpers.engine.fork_server.server", "nbformat nbclient papermill IPython"),
    ],
)
def test_import_is_light(module: str, heavy: str) -> None:
    code = f"import sys, {module}; print(*({set(heavy.split())} & set(sys.modules)))"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert out.strip() == ""


@pytest.mark.parametrize(
    "path",
    [
        "halo_helpers.panels:open_guide",
        "halo_helpers.report.evidence:Evidence",
        "halo_helpers.batch.look:look_at",
        "halo_helpers.engine.entry_point:HaloEngine",
    ],
)
def test_paths_that_customers_copies_hold(path: str) -> None:
    """Working copies of the notebooks import these and are never overwritten without a click."""
    module, _, name = path.partition(":")
    __import__(module)
    assert hasattr(sys.modules[module], name)
