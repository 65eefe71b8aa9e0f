"""Files: written whole, locked."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import stat
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO


def write_whole(path: Path, content: str | bytes, mode: int = 0o666) -> None:
    """Write a file whole or not at all, so that a reader or a crash never sees half of it.

    `mode` is the file's own, before the umask.
    """
    # a name that nobody guesses, made by us and nobody else: no link that waits there is followed
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}.tmp")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    try:
        descriptor = os.open(temporary, flags, mode)
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(content.encode() if isinstance(content, str) else content)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise


def read_regular(path: Path, most: int = -1) -> bytes:
    """Return what a regular file holds, at most so many bytes; a pipe or device is never waited for.

    Raises: OSError, also for what is no regular file.
    """
    with open_regular(path) as stream:
        return stream.read(most)


def open_regular(path: Path) -> BinaryIO:
    """Open a regular file for reading; a pipe or device is refused at once.

    Raises: OSError.
    """
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    stream = os.fdopen(os.open(path, flags | getattr(os, "O_CLOEXEC", 0)), "rb")
    if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
        stream.close()
        raise OSError(errno.EINVAL, "is no regular file")
    return stream


def hold(descriptor: int, *, wait: bool) -> None:
    """Lock an open file for this process, until it is closed or the process dies.

    Raises: OSError when another one holds it, and not to wait was asked.
    """
    if sys.platform == "win32":
        import msvcrt

        msvcrt.locking(descriptor, msvcrt.LK_LOCK if wait else msvcrt.LK_NBLCK, 1)
    else:
        import fcntl

        fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Be the only one in a `with` on this lock file, waiting for others."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    with os.fdopen(descriptor, "r+") as stream:
        hold(stream.fileno(), wait=True)
        yield


def is_held(path: Path) -> bool:
    """Whether another process holds this lock file now; one that is not there is held by nobody."""
    try:
        with path.open("r+") as stream:
            hold(stream.fileno(), wait=False)
    except FileNotFoundError:
        return False
    except OSError:
        return True
    return False
