"""The project's own files agree with each other."""

from __future__ import annotations

import os
import re
import subprocess
import tomllib
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from .helpers.generated import differences

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def requirement(text: str) -> tuple[str, str]:
    name, _, rest = re.match(r"([A-Za-z0-9._-]+)(\[.*\])?\s*(.*)", text).group(1, 2, 3)  # type: ignore[union-attr]
    return name.lower(), rest.replace(" ", "")


def declared() -> dict[str, str]:
    texts = PROJECT["dependencies"] + [
        text for extra in PROJECT["optional-dependencies"].values() for text in extra
    ]
    return {name: rest for name, rest in map(requirement, texts) if name != "halo-runbook"}


def test_environment_has_the_constraints_of_pyproject() -> None:
    listed = YAML(typ="safe").load(ROOT / "environment.yml")["dependencies"]
    conda = dict(requirement(entry) for entry in listed if isinstance(entry, str))
    assert conda.pop("python") == PROJECT["requires-python"]
    conda.pop("pip")
    (from_pip,) = [entry["pip"] for entry in listed if isinstance(entry, dict)]
    conda |= dict(requirement(entry) for entry in from_pip if not entry.startswith("-"))
    assert conda == declared()


def pinned(file: str) -> dict[str, str]:
    found = re.findall(
        r"^([\w.-]+)==([^\s;\\]+)", (ROOT / file).read_text(encoding="utf-8").lower(), re.MULTILINE
    )
    return {re.sub(r"[._-]+", "-", name): version for name, version in found}


def test_every_dependency_is_pinned_within_its_constraint() -> None:
    pins = pinned("constraints.txt")
    assert {re.sub(r"[._-]+", "-", name) for name in declared()} <= pins.keys()
    assert not [line for line in pins if "/" in line]


def test_the_hashes_are_those_of_the_pinned_versions() -> None:
    """Each version stands with a hash at least; what other systems need besides may be pinned there, too."""
    hashed = pinned("constraints-hashes.txt")
    pins = pinned("constraints.txt")
    assert {name: hashed.get(name) for name in pins} == pins
    text = (ROOT / "constraints-hashes.txt").read_text(encoding="utf-8")
    entries = re.split(r"^(?=[\w.-]+==)", text, flags=re.MULTILINE)[1:]
    assert len(entries) == len(hashed)
    assert all("--hash=sha256:" in entry for entry in entries)


def blocks(language: str) -> list[str]:
    return re.findall(
        rf"^```{language}\n(.*?)^```", (ROOT / "README.md").read_text(encoding="utf-8"), re.M | re.S
    )


def test_readme_begins_with_the_two_commands() -> None:
    first, second = blocks("sh")[:2]
    assert first.strip().endswith("halo-runbook demo")
    assert "'.[all]'" in first
    assert ".venv/bin/pytest" in second
    assert blocks("powershell")


def test_readme_names_every_notebook_and_command() -> None:
    from halo_helpers.cli import app

    text = (ROOT / "README.md").read_text(encoding="utf-8")
    names = [
        command.name or command.callback.__name__ for command in app.registered_commands if command.callback
    ]
    assert [path.name for path in (ROOT / "notebooks").glob("*.ipynb") if path.name not in text] == []
    assert [name for name in names if name not in text] == []


@pytest.mark.parametrize(
    "name",
    [
        ".venv/x",
        "runs/x",
        "notebooks/.ipynb_checkpoints/x",
        "acme.secret",
        "tenants.yaml",
        "tenants.yaml.secrets/a.secret",
    ],
)
def test_nothing_private_is_committed(name: str) -> None:
    assert os.system(f"git -C '{ROOT}' check-ignore -q --no-index '{name}'") == 0


def assets(*suffixes: str) -> list[Path]:
    return [path for path in sorted((ROOT / "halo_helpers").rglob("*.*")) if path.suffix in suffixes]


def test_assets_are_packaged() -> None:
    """The build takes everything in the package but what git ignores."""
    names = [str(path.relative_to(ROOT)) for path in assets(".css", ".js", ".jinja")]
    assert {Path(name).suffix for name in names} == {".css", ".js", ".jinja"}
    ignored = subprocess.run(
        ["git", "-C", ROOT, "check-ignore", "--no-index", *names], capture_output=True, text=True, check=False
    )
    assert (ignored.returncode, ignored.stdout) == (1, "")


@pytest.mark.parametrize("path", assets(".css", ".js"), ids=lambda path: path.name)
def test_a_style_or_script_reads_the_same_inside_a_page(path: Path) -> None:
    """Some are included by a template, others stand in an element: neither may find marks of its own."""
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"\{\{|\{%|\{#|</(style|script)|<!--", text)


def test_generated_files_are_compared_but_for_what_differs_from_run_to_run(tmp_path: Path) -> None:
    def checkout(name: str, row: str, output: str) -> Path:
        (tmp_path / name / "notebooks").mkdir(parents=True)
        (tmp_path / name / "DIAGNOSES.md").write_text(f"# Diagnoses\n\n{row}\n", encoding="utf-8")
        (tmp_path / name / "notebooks" / "a.ipynb").write_text(f"{output}\n", encoding="utf-8")
        return tmp_path / name

    one = checkout(
        "one", r"| `slow` | warn | a \| b | why |", "127.0.0.1:8123 at 2026-01-01T10:00:00Z, 3.1 s"
    )
    same = checkout("same", r"| `slow` | warn | c | why |", "127.0.0.1:9 at 2026-02-02T11:30:00Z, 0.2 s")
    other = checkout("other", r"| `slow` | fail | a \| b | whence |", "127.0.0.1 at no time")
    assert list(differences(one, same)) == []
    changed = [line for line in differences(one, other) if line.startswith("+")]
    assert changed == [
        "+++ made again/DIAGNOSES.md\n",
        "+| `slow` | fail | SEEN | whence |\n",
        "+++ made again/notebooks/a.ipynb\n",
        "+127.0.0.1 at no time\n",
    ]
    (other / "notebooks" / "a.ipynb").unlink()
    assert list(differences(one, other))
