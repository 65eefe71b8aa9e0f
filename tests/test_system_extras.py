"""A command whose extra is not installed says which one, and how to have it."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from halo_helpers.system import extras
from halo_helpers.system.extras import EXTRA_OF, needs_extra

PROJECT = tomllib.loads((Path(__file__).parent.parent / "pyproject.toml").read_text())["project"]
BRINGS = PROJECT["optional-dependencies"]
WITHOUT = (
    "import sys; sys.modules.update(dict.fromkeys({names!r})); from halo_helpers.cli import main; "
    "sys.argv[1:] = {words!r}; main()"
)


def test_each_module_is_brought_by_its_extra() -> None:
    for module, extra in EXTRA_OF.items():
        brought = " ".join(BRINGS[extra])
        by_jupyterlab = module == "nbconvert" and "jupyterlab" in brought
        assert module in brought or by_jupyterlab, (module, extra)


@pytest.mark.parametrize(
    ("words", "extra"),
    [
        ("check practice", "practice"),
        ("practice", "practice"),
        ("demo --out {out}", "practice"),
        ("batch {file} --out {out}", "notebooks"),
        ("lab", "lab"),
        ("site {out}", "lab"),
        ("web", "web"),
    ],
)
def test_a_command_without_its_extra(tmp_path: Path, words: str, extra: str) -> None:
    file = tmp_path / "t.yaml"
    file.write_text(
        "- {name: acme, base_url: acme.halopsa.invalid, client_id: x, client_secret: 'env:HALO_ACME'}\n"
    )
    code = WITHOUT.format(names=list(EXTRA_OF), words=words.format(file=file, out=tmp_path / "out").split())
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, f"pip install 'halo-runbook[{extra}]'" in done.stderr) == (2, True), done.stderr
    assert "please report" not in done.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("prefix", "way"),
    [
        ("/home/me/.local/share/pipx/venvs/halo-runbook", "pipx install --force"),
        ("/home/me/.local/share/uv/tools/halo-runbook", "uv tool install --force"),
        ("/srv/halo/.venv", "pip install"),
    ],
)
def test_the_way_fits_how_it_was_installed(monkeypatch: pytest.MonkeyPatch, prefix: str, way: str) -> None:
    monkeypatch.setattr(extras.sys, "prefix", prefix)
    assert needs_extra("voila") == f"this needs the extra “web”: {way} 'halo-runbook[web]'"
