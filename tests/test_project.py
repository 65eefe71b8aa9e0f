"""The project's own files agree with each other."""

from __future__ import annotations

import os
import re
import tomllib
from pathlib import Path

import pytest
from ruamel.yaml import YAML

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


def test_every_dependency_is_pinned_within_its_constraint() -> None:
    pins = dict(
        line.lower().split("==")
        for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
        if "==" in line
    )
    assert declared().keys() <= pins.keys()
    assert not [line for line in pins if "/" in line]


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
