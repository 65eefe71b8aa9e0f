"""How old each secret is, and which are due."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from uuid import uuid4

import pytest

from halo_helpers.secrets.places import kept_since, remove
from halo_helpers.system.timestamps import utc_text
from halo_helpers.tenants.answers import write_answers

from .helpers.command import halo


def days_ago(days: int) -> str:
    return utc_text(dt.datetime.now(dt.UTC) - dt.timedelta(days=days))


def test_secrets_are_dated_by_the_walk_and_by_secrets_set(tmp_path: Path, own_home: Path) -> None:
    file = tmp_path / "tenants.yaml"
    file.write_text(
        "tenants:\n"
        + "".join(
            f"  - name: {name}\n    base_url: https://{name}.halopsa.com\n    client_id: {uuid4()}\n"
            f"    client_secret: env:HALO_{name.upper()}\n"
            for name in ("acme", "birch", "copper")
        )
    )
    write_answers("acme", base_url="https://acme.halopsa.com", secret_set_at=days_ago(200))
    write_answers("practice", base_url="http://127.0.0.1:1", secret_set_at=days_ago(900))
    assert halo("secrets", "set", "birch", "--file", stdin=f"{uuid4()}-{uuid4()}\n").returncode == 0
    done = halo("secrets", "due", "--tenants-file", str(file))
    assert done.stdout.splitlines() == ["acme  200 days  due", "birch  0 days", "copper  not known"]
    assert done.returncode == 1
    done = halo("secrets", "due", "--older", "300d", "--tenants-file", str(file), "--json")
    value = json.loads(done.stdout)
    assert (done.returncode, value["schema"]) == (0, "halo-runbook/secrets-due/1")
    assert [(row["name"], row["age_days"], row["due"]) for row in value["secrets"]] == [
        ("acme", 200, False),
        ("birch", 0, False),
        ("copper", None, False),
    ]
    assert remove("birch")
    assert kept_since("birch") == ""
    assert halo("secrets", "set", "copper", "--file", stdin=f"{uuid4()}-{uuid4()}\n").returncode == 0
    assert kept_since("copper")
    assert halo("forget", "--all", "--yes").returncode == 0
    assert not [path for path in own_home.rglob("*") if path.is_file() and "copper" in path.read_text()]


@pytest.mark.parametrize("age", ["180", "x", "-1d", "1y"])
def test_an_age_that_is_none_is_refused(age: str) -> None:
    done = halo("secrets", "due", "--older", age)
    assert done.returncode == 2
    assert "--older takes an age" in done.stderr


def test_without_anything_that_is_said() -> None:
    done = halo("secrets", "due")
    assert (done.returncode, done.stdout.strip()) == (
        0,
        "no tenants file and no walk here: there is no secret to be dated",
    )
