"""Copies finished runs to where others read them: a folder, S3, Azure, SFTP, whatever fsspec knows.

A run is there whole or not at all: `run.json` goes last, and what has none is no run. Credentials come from
fsspec's own environment variables and files, never from the URL.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ..errors import ConfigError
from ..report.over_time.status import runs_of
from ..report.run import LATEST
from ..secrets.redaction import redact
from ..system.extras import needs_extra
from ..system.files import write_whole
from .run_folder import INDEX, PUBLISHED

TRIES, WAIT_S = 3, 1.0
_LAST = ("report.html", "run.json")
"""Files that go last: who sees them sees all of the run."""


def _scheme(part: str, *, alone: bool) -> str:
    """Return the kind of place that a URL is of, or a part of a chain; a folder's is “file”.

    Raises: ConfigError for credentials in it, which are not repeated.
    """
    scheme, is_url, _ = part.partition("://")
    if not is_url and not alone:
        return scheme
    if not is_url and not re.match(r"[\w+.-]{2,}:", part):
        return "file"  # Windows' C:\reports, too
    try:
        parts = urlsplit(part)
    except ValueError:
        parts = urlsplit("")
    if parts.username or parts.password or parts.query:
        raise ConfigError(
            "--publish takes a URL without credentials: they come from the environment or the files that the "
            "place's own tools use"
        )
    if not is_url or not parts.scheme:
        raise ConfigError("--publish takes a folder or a URL such as s3://bucket/halo")
    return scheme


class Publisher:
    """One place that runs are copied to."""

    def __init__(self, url: str, *, wait_s: float = WAIT_S) -> None:
        """Take the place; nothing is contacted yet.

        Raises: ConfigError for credentials in the URL, an unknown kind of place, or without the extra.
        """
        chain = url.split("::")  # of fsspec, such as simplecache::s3://bucket
        schemes = [_scheme(part, alone=len(chain) == 1) for part in chain]
        try:
            import fsspec
        except ImportError:
            raise ConfigError(needs_extra("fsspec", "--publish")) from None
        for scheme in schemes:
            try:
                fsspec.get_filesystem_class(scheme)
            except (ImportError, ValueError) as error:
                raise ConfigError(f"--publish {scheme}: cannot be used: {error}") from None
        self._url, self._wait_s = url, wait_s
        # which runs are there already is noted beside each of them, for this place alone
        self._mark = f"{PUBLISHED}{hashlib.sha256(url.encode()).hexdigest()[:8]}"

    def publish(self, out: Path, say: Callable[[str], None]) -> bool:
        """Copy the finished runs of a folder that are not there yet, oldest first, and the page of all runs.

        What fails is said, and tried again by the next run. Return whether all are there now.
        """
        waiting = [
            run.folder
            for run in runs_of(out)
            if run.manifest.finished_at is not None and not (run.folder / self._mark).exists()
        ]
        try:
            fs, root = self._open()
            for folder in reversed(waiting):
                self._again(lambda folder=folder: _copy(fs, root, folder))  # type: ignore[misc]
                write_whole(folder / self._mark, "")
            newest = next((run.id for run in runs_of(out) if (run.folder / self._mark).exists()), None)
            if newest:
                self._again(lambda: fs.pipe_file(f"{root}/{LATEST}", f"{newest}\n".encode()))
                self._again(lambda: fs.put_file(str(out / INDEX), f"{root}/{INDEX}"))
        except Exception as error:  # each kind of place has errors of its own
            why = (isinstance(error, OSError) and error.strerror) or f"{type(error).__name__}: {error}"
            seen = redact(why.partition("\n")[0][:300])
            say(f"not published to {self._url}: {seen}; the next run tries again")
            return False
        return True

    def _open(self) -> tuple[Any, str]:
        from fsspec.core import url_to_fs

        fs, root = url_to_fs(self._url)
        return fs, root.rstrip("/")

    def _again(self, work: Callable[[], object]) -> None:
        """Do it, and once more when it fails: places far away have their moments."""
        for attempt in range(1, TRIES + 1):
            try:
                work()
            except Exception:
                if attempt == TRIES:
                    raise
                time.sleep(self._wait_s * attempt)
            else:
                return


def _copy(fs: Any, root: str, folder: Path) -> None:
    """Copy a run; a half that is left by a failure is removed, and so is what the run has no more."""
    there = f"{root}/{folder.name}"
    fs.makedirs(there, exist_ok=True)
    names = sorted(_files(folder), key=lambda name: (_LAST.index(name) if name in _LAST else -1, name))
    first = [name for name in names if name not in _LAST]
    try:
        fs.put([str(folder / name) for name in first], [f"{there}/{name}" for name in first])
        for name in names[len(first) :]:
            fs.put_file(str(folder / name), f"{there}/{name}")
        for path in fs.ls(there, detail=False):
            if path.rpartition("/")[2] not in names:
                fs.rm(path)
    except Exception:
        with contextlib.suppress(Exception):
            fs.rm(there, recursive=True)
        raise


def _files(folder: Path) -> Iterator[str]:
    return (path.name for path in folder.iterdir() if path.is_file() and not path.name.startswith("."))
