"""The walk that the pages show: that of a practice tenant which is set up, in a data folder of its own."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from ...practice.control import ask
from ...secrets.places import FILE, put_in
from ...secrets.value import Secret
from ...system.timestamps import utc_text
from ...tenants.tenant import EMPTY_PRACTICE, PRACTICE
from ..walk import Walk


@contextlib.contextmanager
def home_of_its_own(base_url: str) -> Iterator[Path]:
    """Let this process use an empty folder and a practice server meanwhile; nobody's walk is touched."""
    ours = ("HALO_RUNBOOK_HOME", "HALO_PRACTICE_URL")
    before = {name: os.environ.get(name) for name in ours}
    with tempfile.TemporaryDirectory(prefix="halo-site-") as folder:
        os.environ.update(zip(ours, (str(Path(folder) / "home"), base_url), strict=True))
        try:
            yield Path(folder)
        finally:
            for name, value in before.items():
                os.environ.pop(name)
                if value is not None:
                    os.environ[name] = value


def walk_with_values(base_url: str) -> Walk:
    """Return the practice walk where the tenant is set up and its four values were entered and checked."""
    ask(base_url, "walk", "POST", anew="true")
    made = ask(base_url, f"tenants/{EMPTY_PRACTICE}/scenario", "POST", name="healthy")
    reference = put_in(FILE, PRACTICE, Secret(made["client_secret"]))
    walk = Walk(PRACTICE)
    walk.begin()
    walk.change_answers(
        client_id=made["client_id"],
        agent_id=str(made["agent_id"]),
        client_secret=reference,
        secret_set_at=utc_text(timespec="milliseconds"),
    )
    walk.wait()
    return walk
