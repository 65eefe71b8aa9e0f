"""Files and folders of ours: whole, private, and no link that waits is followed."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from halo_helpers.batch.run_folder import make_folder, make_out
from halo_helpers.guide.lab.working_copy import open_walk
from halo_helpers.guide.walk_store import give_word
from halo_helpers.secrets.places import FILE, keep_in
from halo_helpers.secrets.references import resolve
from halo_helpers.secrets.value import Secret
from halo_helpers.system.files import locked, write_whole
from halo_helpers.system.paths import make_data_folder
from halo_helpers.tenants.answers import write_answers


def test_what_waits_at_the_temporary_name_is_not_written_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even who guesses the name gains nothing: the file is made by us, or not at all."""
    victim = tmp_path / "victim"
    victim.write_text("as it was")
    monkeypatch.setattr("halo_helpers.system.files.secrets.token_hex", lambda _: "guessed")
    (tmp_path / ".out.guessed.tmp").symlink_to(victim)
    with pytest.raises(FileExistsError):
        write_whole(tmp_path / "out", "new")
    assert victim.read_text() == "as it was"


def test_two_writes_have_two_temporary_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names: list[str] = []
    replace = Path.replace

    def noted(self: Path, target: Path) -> Path:
        names.append(self.name)
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", noted)
    for _ in range(2):
        write_whole(tmp_path / "out", "x")
    assert len(set(names)) == 2


@pytest.mark.skipif(sys.platform == "win32", reason="modes of files")
@pytest.mark.parametrize("umask", [0o000, 0o022, 0o777 & ~0o700])
def test_the_data_folder_is_its_owners_whatever_the_umask(
    umask: int, own_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HALO_ACME", "a-secret-of-some-length")
    before = os.umask(umask)
    try:
        write_answers("acme", base_url="https://acme.halopsa.com")
        give_word("acme", "create-agent")
        open_walk("acme")
        keep_in(FILE, "acme", Secret("a-secret-of-some-length"))
        resolve("env:HALO_ACME", "acme")
    finally:
        os.umask(before)
    found = [own_home, *own_home.rglob("*")]
    assert len(found) > 10
    for path in found:
        mode = stat.S_IMODE(path.stat().st_mode)
        if path.is_dir():
            assert mode == 0o700, path
        elif path.suffix != ".ipynb" and not path.name.endswith(".lock"):
            assert mode & 0o077 == 0, path


@pytest.mark.skipif(sys.platform == "win32", reason="modes of files")
def test_a_loose_data_folder_is_made_private(own_home: Path) -> None:
    (own_home / "walks").mkdir(parents=True)
    own_home.chmod(0o755)
    make_data_folder(own_home / "walks" / "acme")
    assert stat.S_IMODE(own_home.stat().st_mode) == 0o700


FOREIGN = (
    "import os, pathlib\npathlib.Path(os.environ['FOREIGN']).touch()\nraise SystemExit('foreign code ran')\n"
)


@pytest.mark.skipif(sys.platform != "linux", reason="the command's place")
def test_no_code_of_the_working_folder_is_imported(tmp_path: Path) -> None:
    """Modules that everybody imports lie in the folder where the commands are called."""
    folder, marker = tmp_path / "here", tmp_path / "ran"
    folder.mkdir()
    for name in (
        "json",
        "httpx",
        "papermill",
        "nbformat",
        "halo_helpers",
        "starlette",
        "IPython",
        "sitecustomize",
    ):
        (folder / f"{name}.py").write_text(FOREIGN)
    command = Path(sys.executable).parent / "halo-runbook"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    done = subprocess.run(
        [str(command), "demo", "--out", "runs"],
        cwd=folder,
        env=environment | {"FOREIGN": str(marker)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert not marker.exists()
    assert (done.returncode, done.stderr.count("foreign code ran")) == (0, 0), done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="there are no core dumps")
@pytest.mark.parametrize("module", ["halo_helpers.cli", "halo_helpers.engine.by_papermill"])
def test_processes_that_hold_secrets_leave_no_core_dump(module: str) -> None:
    code = (
        f"import resource, sys\nfrom {module} import main\n"
        "try:\n    sys.argv[1:] = ['--help']; sys.stdin = open('/dev/null')\n    main()\n"
        "except (SystemExit, ValueError):\n    pass\n"
        "print('limit', resource.getrlimit(resource.RLIMIT_CORE))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "limit (0, 0)" in done.stdout


@pytest.mark.skipif(sys.platform == "win32", reason="modes of files")
def test_the_folder_of_runs_is_its_owners_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        make_out(tmp_path / "runs")
        with locked(tmp_path / "some.lock"):
            pass
        _, folder = make_folder(tmp_path / "runs")
    finally:
        os.umask(before)
    assert [stat.S_IMODE(path.stat().st_mode) for path in (folder.parent, folder)] == [0o700, 0o700]
    assert stat.S_IMODE((tmp_path / "some.lock").stat().st_mode) == 0o600
