"""The fork server: every import is paid once, every notebook gets a fresh process.

`python -m halo_helpers.engine.fork_server.server FD PARENT` is started by exec with the least environment,
and gets what holds no secret of the rest before the first notebook. It has no thread and no event loop, and
makes a child for each connection that it is handed. What a job holds, a tenant's secret among it, goes from
the asker to the child by that connection; the server never reads it. When the asker dies, the server ends,
and its children with it. Linux only.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import json
import logging
import os
import random
import select
import signal
import socket
import sys
import threading
import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ...secrets.redaction import redact
from ...secrets.value import Secret
from ...system.account import forbid_core_dumps
from ...system.spared_imports import IRI_GRAMMAR, spared
from ...tenants.tenant import Tenant
from .asker import ENVIRONMENT

_PR_SET_PDEATHSIG, _PR_SET_CHILD_SUBREAPER = 1, 36


def die_with(parent: int) -> None:
    """Let the kernel end this process when its parent ends; end now when that has happened already."""
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def make_ready() -> Any:
    """Import and make whatever every notebook needs; return the shell."""
    warnings.filterwarnings("ignore", category=DeprecationWarning)
    warnings.filterwarnings("ignore", message=".*frozen modules.*")
    logging.getLogger("papermill").setLevel(logging.CRITICAL)
    # nobody steps through an unattended run, and its notebooks are files of this machine
    with spared("debugpy", "boto3", "gcsfs", IRI_GRAMMAR):
        import nbformat
        import papermill.execute
        import papermill.parameterize  # noqa: F401

        from ...client.connections import warm_up
        from .. import papermill_engine  # noqa: F401
        from . import child  # noqa: F401
        from .notebook_json import write_notebooks_fast
        from .shell import Shell

        write_notebooks_fast()
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1", id="a")])
        nbformat.validate(notebook)  # compiles the schema
        warm_up()
        _rehearse()
        shell = Shell()
        shell.rehearse()
    return shell


def _rehearse() -> None:
    """Verify a tenant that nobody serves: what is loaded only with the first request is there then."""
    from ...report.evidence import Evidence
    from ...verification.run_checks import verify

    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))  # ours, and not listening
        tenant = Tenant("rehearsal", f"http://127.0.0.1:{closed.getsockname()[1]}", client_secret=Secret("-"))
        Evidence(verify(tenant))._repr_mimebundle_()


def serve(control: socket.socket) -> None:
    """Make a child for each connection that comes by the control socket, and tell how each ended."""
    gc.disable()  # there is no garbage to speak of, and looking for it takes a tenth of the time
    shell = make_ready()
    gc.freeze()  # what is here already stays shared with the children
    gc.enable()
    if threading.active_count() != 1:
        raise RuntimeError(f"the fork server has threads: {threading.enumerate()}")
    wake, woken = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
    signal.set_wakeup_fd(woken, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    children: set[int] = set()
    control.sendall(b'{"ready": true}\n')
    while True:
        watched: list[Any] = [control, wake]
        ready, _, _ = select.select(watched, [], [])
        if wake in ready:
            os.read(wake, 4096)
            _reap(children, control)
        if control in ready:
            message, descriptors, _, _ = socket.recv_fds(control, 64, 1)
            if not message:
                _end_all(children)
                return
            if message == ENVIRONMENT:
                with os.fdopen(descriptors[0], "rb") as file:
                    file.seek(0)
                    os.environ.update(json.load(file))
            elif descriptors:
                _fork(descriptors[0], shell, children, control)
            else:
                pid = int(message)
                if pid in children:
                    _end_all([pid])


def _reap(children: set[int], control: socket.socket) -> None:
    """Reap children that ended, end what they left behind, and report their exit statuses."""
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            break
        if pid in children:
            children.discard(pid)
            control.sendall(
                json.dumps({"pid": pid, "exit": os.waitstatus_to_exitcode(status)}).encode() + b"\n"
            )
    # what a notebook started and did not wait for comes to us when its process has ended; its session tells
    # whose it is
    for pid in map(int, Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()):
        with contextlib.suppress(ProcessLookupError):
            if pid not in children and os.getsid(pid) not in children:
                _end_all([pid])


def _end_all(processes: Iterable[int]) -> None:
    """End processes that are ours, and so still are who their numbers say, with their groups."""
    for pid in processes:
        for end in (os.killpg, os.kill):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                end(pid, signal.SIGKILL)


def _fork(descriptor: int, shell: Any, children: set[int], control: socket.socket) -> None:
    from . import child  # imported by `make_ready`, and not before: see there

    server = os.getpid()
    pid = os.fork()
    if pid:
        os.close(descriptor)
        children.add(pid)
        return
    status = 1
    try:
        die_with(server)
        os.setsid()
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        control.close()
        signal.signal(signal.SIGINT, signal.default_int_handler)
        random.seed()
        child.become(socket.socket(fileno=descriptor), shell).run()
        status = 0
    except BaseException as error:
        here = child.current()
        if here is not None:
            here.say(status="crashed", message=redact(f"{type(error).__name__}: {error}"))
    finally:
        os._exit(status)


def main() -> int:
    """Serve on the socket whose descriptor is named on the command line."""
    die_with(int(sys.argv[2]))
    forbid_core_dumps()
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with socket.socket(fileno=int(sys.argv[1])) as control:
        serve(control)
    return 0


if __name__ == "__main__":
    sys.exit(main())
