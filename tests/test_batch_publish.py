"""Finished runs copied elsewhere: whole or not at all, and again by the next run when it failed."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from moto.moto_api._internal import moto_api_backend
from moto.server import ThreadedMotoServer

from halo_helpers.batch.fleet import FleetOptions, run_fleet
from halo_helpers.batch.publish import Publisher
from halo_helpers.batch.run_folder import PUBLISHED
from halo_helpers.errors import ConfigError

from .helpers.command import halo
from .helpers.practice import Practice

BUCKET = "halo-reports"


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[ThreadedMotoServer]:
    """An S3 of our own, reached as its own tools are told to: by the environment."""
    import boto3

    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://{host}:{port}")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "practice")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "practice")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    place = {"LocationConstraint": "eu-central-1"}
    boto3.client("s3").create_bucket(Bucket=BUCKET, CreateBucketConfiguration=place)
    yield server
    server.stop()
    moto_api_backend.reset()


def keys() -> list[str]:
    import boto3

    found = boto3.client("s3").list_objects_v2(Bucket=BUCKET)
    return [entry["Key"] for entry in found.get("Contents", [])]


def test_a_run_is_copied_to_s3_by_the_command(
    practice: Practice, tmp_path: Path, s3: ThreadedMotoServer
) -> None:
    file = practice.write(tmp_path / "t.yaml", "healthy", "wrong-secret")
    given = {name: value for name, value in os.environ.items() if name.startswith("AWS_")}
    words = [
        "batch",
        str(file),
        "--out",
        str(tmp_path / "runs"),
        "--publish",
        f"s3://{BUCKET}/acme",
        "--quiet",
    ]
    done = halo(*words, **given)
    assert (done.returncode, done.stderr.count("\n"), "first use here" in done.stderr) == (1, 1, True)
    run = (tmp_path / "runs" / "latest").read_text().strip()
    names = {path.name for path in (tmp_path / "runs" / run).iterdir() if not path.name.startswith(".")}
    assert set(keys()) == {"acme/index.html", "acme/latest", *(f"acme/{run}/{name}" for name in names)}


def test_a_run_that_is_gone_on_with_is_copied_again(practice: Practice, tmp_path: Path) -> None:
    file, out, said = practice.write(tmp_path / "t.yaml", "healthy"), tmp_path / "runs", list[str]()
    publisher = Publisher(str(tmp_path / "there"), wait_s=0)
    run = run_fleet(file, out)
    assert publisher.publish(out, said.append)
    assert list(run.folder.glob(f"{PUBLISHED}*"))
    run_fleet(file, out, FleetOptions(resume=run.id))
    assert not list(run.folder.glob(f"{PUBLISHED}*"))
    (run.folder / "wrong-name.json").touch()
    (tmp_path / "there" / run.id / "left.json").touch()
    assert publisher.publish(out, said.append)
    names = {path.name for path in (tmp_path / "there" / run.id).iterdir()}
    assert names == {path.name for path in run.folder.iterdir() if not path.name.startswith(".")}
    assert said == []


def test_what_is_not_published_is_not_removed(practice: Practice, tmp_path: Path) -> None:
    file, out = practice.write(tmp_path / "t.yaml", "healthy"), tmp_path / "runs"
    runs = [run_fleet(file, out, FleetOptions(keep=1), publish=lambda _: False) for _ in range(2)]
    assert all(run.folder.exists() for run in runs)
    last = run_fleet(file, out, FleetOptions(keep=1), publish=lambda _: True)
    assert [path.name for path in out.glob("*T*")] == [last.id]


def test_latest_is_a_run_that_is_there(practice: Practice, tmp_path: Path) -> None:
    out, there = tmp_path / "runs", tmp_path / "there"
    run = run_fleet(practice.write(tmp_path / "t.yaml", "healthy"), out)
    (out / "latest").write_text("20990101T000000Z-0000\n")  # of a run that has just begun
    assert Publisher(str(there)).publish(out, lambda _: None)
    assert (there / "latest").read_text().strip() == run.id


def test_what_failed_is_told_and_tried_again_by_the_next_run(practice: Practice, tmp_path: Path) -> None:
    file, out, said = practice.write(tmp_path / "t.yaml", "healthy"), tmp_path / "runs", list[str]()
    first = run_fleet(file, out)
    there = tmp_path / "there"
    there.write_text("no folder")
    assert not Publisher(str(there), wait_s=0).publish(out, said.append)
    assert "the next run tries again" in said[0]
    there.unlink()
    second = run_fleet(file, out)
    for _ in range(2):
        assert Publisher(str(there), wait_s=0).publish(out, said.append)
    assert {path.name for path in there.iterdir()} == {first.id, second.id, "index.html", "latest"}
    assert json.loads((there / first.id / "run.json").read_text())["id"] == first.id
    assert len(said) == 1


def test_a_half_is_no_run_and_is_removed(
    practice: Practice, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The connection breaks before the last file."""
    from fsspec.implementations.local import LocalFileSystem

    run = run_fleet(practice.write(tmp_path / "t.yaml", "healthy"), tmp_path / "runs")
    put = LocalFileSystem.put_file
    gone: list[str] = []

    def breaks(self: LocalFileSystem, path1: str, path2: str, *more: object, **options: object) -> None:
        if path2.endswith("run.json") and not gone:
            gone.append(path2)
            assert (tmp_path / "there" / run.id / "report.html").exists()
            raise ConnectionResetError("gone")
        put(self, path1, path2, *more, **options)

    monkeypatch.setattr(LocalFileSystem, "put_file", breaks)
    monkeypatch.setattr("halo_helpers.batch.publish.TRIES", 1)
    said: list[str] = []
    assert not Publisher(str(tmp_path / "there")).publish(tmp_path / "runs", said.append)
    assert not (tmp_path / "there" / run.id).exists()
    assert Publisher(str(tmp_path / "there")).publish(tmp_path / "runs", said.append)
    assert (tmp_path / "there" / run.id / "run.json").exists()


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("s3://key:secret@bucket/x", "without credentials"),
        ("sftp://user@host/x", "without credentials"),
        ("https://host/x?sig=1", "without credentials"),
        ("nosuch://x", "cannot be used"),
        ("http://[x", "takes a folder or a URL"),
        ("s3:bucket", "takes a folder or a URL"),
        ("simplecache::sftp://user:hunter2@host/x", "without credentials"),
        ("nosuch::memory://x", "cannot be used"),
    ],
)
def test_a_place_that_cannot_be_is_refused_before_the_run(url: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words) as error:
        Publisher(url)
    assert "hunter2" not in str(error.value)


@pytest.mark.parametrize(
    "place", ["reports", r"C:\reports", "D:/reports", "/srv/a:b", "simplecache::memory://x"]
)
def test_a_folder_of_windows_is_one_and_a_chain_too(place: str) -> None:
    Publisher(place)
