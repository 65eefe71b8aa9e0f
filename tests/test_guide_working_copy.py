"""Working copies of the notebooks: made for a customer, and of a newer guide on a click."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from halo_helpers.guide.lab.working_copy import older_copies, open_walk
from halo_helpers.panels import open_guide
from halo_helpers.system.paths import notebooks_folder
from halo_helpers.tenants.answers import read_answers, write_answers

from .helpers.panels import click

pytestmark = pytest.mark.usefixtures("practised_guide")


def test_a_newer_guide_is_taken_over_on_a_click_and_nothing_is_lost(
    own_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = open_walk("acme")
    write_answers("acme", base_url="https://acme.halopsa.com")
    assert older_copies("acme") == []
    mine = json.loads((folder / "10-agent.ipynb").read_text())
    mine["cells"][0]["source"] = "# My own words"
    (folder / "10-agent.ipynb").write_text(json.dumps(mine))
    executed = json.loads((folder / "20-application.ipynb").read_text())
    executed["cells"][1]["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "ran"}]
    (folder / "20-application.ipynb").write_text(json.dumps(executed))
    newer = tmp_path / "notebooks"
    shutil.copytree(notebooks_folder(), newer)
    for name in ("10-agent.ipynb", "20-application.ipynb"):
        value = json.loads((newer / name).read_text())
        value["cells"][0]["source"] = ["# A newer guide"]
        (newer / name).write_text(json.dumps(value))
    monkeypatch.setattr("halo_helpers.guide.lab.working_copy.notebooks_folder", lambda: newer)
    header = open_guide("acme").header()
    assert "Take over" not in header.view.html
    click(header, "hello")
    assert "Take over the new one" in header.view.html
    click(header, "take-over")
    assert "is kept as 10-agent-yours-1.ipynb" in header.view.html
    assert "My own words" in (folder / "10-agent-yours-1.ipynb").read_text()
    for name in ("10-agent.ipynb", "20-application.ipynb"):
        text = (folder / name).read_text()
        assert "A newer guide" in text
        assert "tenant: str = 'acme'" in text
    assert not (folder / "20-application-yours-1.ipynb").exists()
    assert (older_copies("acme"), read_answers("acme")["base_url"]) == ([], "https://acme.halopsa.com")
