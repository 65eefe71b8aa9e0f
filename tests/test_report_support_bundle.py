"""The support bundle names nobody."""

from __future__ import annotations

import json
import re
import zipfile
from pathlib import Path

from halo_helpers.batch.fleet import run_fleet
from halo_helpers.checks import CHECKS
from halo_helpers.report.support_bundle import make_bundle

from .helpers.practice import Practice


def test_a_bundle_names_nobody(practice: Practice, tmp_path: Path) -> None:
    file = practice.write(tmp_path / "t.yaml", "healthy", "agent-mismatch", "wrong-secret")
    text = (
        file.read_text().replace("name: healthy", "name: pass").replace("scenario healthy", "Acme Dental Ltd")
    )
    file.write_text(text)
    run = run_fleet(file, tmp_path / "runs")
    names = make_bundle(run.id, tmp_path / "b.zip", tmp_path / "runs")
    with zipfile.ZipFile(tmp_path / "b.zip") as archive:
        held = {name: archive.read(name).decode() for name in names}
    everything = "\n".join(held.values())
    for known in (
        "Acme",
        "Keiko",
        "Neo Agent (",
        "127.0.0.1",
        'agent-mismatch", "',
        practice.entries["healthy"]["client_id"],
    ):
        assert known not in everything
    assert not re.search(r"\bID \d", everything)
    first = json.loads(held["tenant-1.json"])
    assert (first["verdict"], first["tenant"], len(first["checks"])) == ("pass", "tenant-1", len(CHECKS))
    assert json.loads(held["versions.json"])["packages"]["httpx"]
