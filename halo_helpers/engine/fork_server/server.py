"""The fork server: every import is paid once, every notebook gets a fresh process (floor 6).

`python -m halo_helpers.engine.fork_server.server FD` is started by exec with an environment without secrets, has no thread
and no event loop, and makes a child for each connection that it is handed. What a job holds, a tenant's
secret among it, goes from the asker to the child by that connection; the server never reads it. When the
asker dies, the server ends, and its children with it. Linux only.
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

from ...secrets.references import Secret, redact, refuse
from ...system.files import write_whole
from ...tenants.tenants_file import Tenant, hand_over

_PR_SET_PDEATHSIG, _PR_SET_CHILD_SUBREAPER = 1, 36
_current: Child | None = None


def die_with(parent: int) -> None:
    """Let the kernel end this process when its parent ends; end now when that has happened already."""
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def current() -> Child | None:
    """Give the child that this process is, None when it is none."""
    return _current


class Child:
    """One forked process: takes a job, runs one notebook in this process, says how it goes."""

    def __init__(self, connection: socket.socket, shell: Any) -> None:
        self.shell = shell
        self._connection = connection
        self._lines = connection.makefile("rb")
        self.job: dict[str, Any] = {}
        self.nb_man: Any = None
        """papermill's record of the notebook under way."""

    def run(self) -> None:
        """Take the job, run it, answer. Nothing of it returns to the server."""
        self.say(pid=os.getpid())
        self.job = json.loads(self._lines.readline())
        os.chdir(self.job["cwd"])
        self._take_tenant()
        self.shell.take_over_streams()
        answer = self._by_papermill() if "output" in self.job else self._cells_only()
        self.say(**answer)

    def say(self, **what: Any) -> None:
        """Send one line, without secrets: only this process knows the access token."""
        self._connection.sendall(redact(json.dumps(what, ensure_ascii=False)).encode() + b"\n")

    def on_cell(self, index: int, cell: Any) -> None:
        """Say that a cell begins (None) or has ended, so that the evidence outlives this process."""
        if cell is None or cell.cell_type == "code":
            self.say(cell=index, ended=cell)

    def client(self, nb_man: Any, **options: Any) -> Any:
        """Give the client that runs a notebook's cells here."""
        from .shell import ShellClient

        return ShellClient(nb_man, self.shell, deadline_s=self.job.get("deadline_s"), on_timeout=self._give_up,
                           on_cell=self.on_cell, timeout=self.job.get("cell_timeout_s"), **options)  # fmt: skip

    def _take_tenant(self) -> None:
        given = self.job.get("tenant")
        if not given:
            return
        secret: str | Secret = self.job.get("reference", "")
        if "refused" in self.job:
            refuse(str(secret), self.job["refused"])
        if "secret" in self.job:
            secret = Secret(self.job.pop("secret"), source=self.job["source"])
            secret.was_trimmed = self.job["was_trimmed"]
        hand_over(Tenant.from_json(given, secret))

    def _by_papermill(self) -> dict[str, Any]:
        """Let papermill run a notebook file with parameters; see `worker.run_job` for the job and the answer."""
        from ..by_papermill import run_job

        answer = run_job(self.job)
        output = Path(self.job["output"])
        if self.nb_man is not None and not output.exists():
            # papermill writes nothing when the shell itself has ended
            write_whole(output, _text_of(self.nb_man.nb))
        try:
            return answer | {"evidence": _settle(output)}
        except ValueError:
            return {"status": "no-room", "message": "a notebook could not be written whole"}

    def _cells_only(self) -> dict[str, Any]:
        """Run the cells of a notebook that papermill has prepared elsewhere."""
        import nbformat

        from ..papermill_engine import run_cells

        return {
            "status": "ok",
            "nb": _text_of(run_cells(nbformat.reads(self.job["nb"], 4), self.job["options"]).nb),
        }

    def _give_up(self, nb_man: Any, cell: Any, index: int, error: Exception) -> None:
        """Write the notebook and answer, from within the cell whose time is up."""
        from papermill.exceptions import PapermillExecutionError
        from papermill.execute import raise_for_execution_errors

        from ..papermill_engine import finish_after_timeout

        finish_after_timeout(nb_man, cell, index, error)
        answer: dict[str, Any] = {
            "status": "timeout",
            "message": f"the notebook was stopped after {self.limit_words}",
        }
        if "output" in self.job:
            with contextlib.suppress(PapermillExecutionError):
                raise_for_execution_errors(nb_man.nb, self.job["output"])
            _settle(Path(self.job["output"]))
        else:
            answer["nb"] = _text_of(nb_man.nb)
        self.say(**answer)
        os._exit(1)

    @property
    def limit_words(self) -> str:
        """The limits of the job, in words."""
        limits = {"the notebook": self.job.get("deadline_s"), "a cell": self.job.get("cell_timeout_s")}
        return " or ".join(f"{seconds:g} s for {what}" for what, seconds in limits.items() if seconds)


def _text_of(notebook: Any) -> str:
    import nbformat

    text: str = nbformat.writes(notebook)
    return text


def _settle(notebook: Path) -> dict[str, Any] | None:
    """Take secrets out of an executed notebook, see it on the disk, and give the evidence in it."""
    from ...report.evidence import evidence_of

    try:
        text = notebook.read_text(encoding="utf-8")
    except OSError:
        return None
    clean = redact(text)
    if clean != text:
        write_whole(notebook, clean)
    else:
        with notebook.open("rb") as stream:
            os.fsync(stream.fileno())
    return evidence_of(json.loads(clean))


def _preload() -> Any:
    """Import and make whatever every notebook needs; give the shell."""
    warnings.filterwarnings("ignore", category=DeprecationWarning)
    warnings.filterwarnings("ignore", message=".*frozen modules.*")
    logging.getLogger("papermill").setLevel(logging.CRITICAL)
    # nobody steps through an unattended run, or calls httpx's own command line; and with JupyterLab installed, nbformat's
    # validator would compile the grammar of an optional check for a second
    spared = ("debugpy", "httpx._main", "rfc3987_syntax")
    sys.modules |= dict.fromkeys(spared)  # type: ignore[arg-type]
    import nbformat
    import papermill.execute
    import papermill.parameterize  # noqa: F401

    from ...client.halo_client import warm_up
    from .. import by_papermill, papermill_engine  # noqa: F401
    from .shell import Shell

    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1", id="a")])
    nbformat.validate(notebook)  # compiles the schema
    warm_up()
    _rehearse()
    shell = Shell()
    shell.rehearse()
    for name in spared:
        del sys.modules[name]
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
    shell = _preload()
    gc.collect()
    gc.freeze()  # what is here already stays shared with the children
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
            _bury(children, control)
        if control in ready:
            message, descriptors, _, _ = socket.recv_fds(control, 64, 1)
            if not message:
                _end_all(children)
                return
            if descriptors:
                _fork(descriptors[0], shell, children, control)
            else:
                pid = int(message)
                if pid in children:
                    _end_all([pid])


def _bury(children: set[int], control: socket.socket) -> None:
    """Take leave of children that ended, end what they left behind, and tell their exit statuses."""
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
    # what a notebook started and did not wait for comes to us when its process has ended; its session tells whose it is
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
        global _current  # noqa: PLW0603 - this process is this one child from here on
        _current = Child(socket.socket(fileno=descriptor), shell)
        _current.run()
        status = 0
    except BaseException as error:
        if _current is not None:
            _current.say(status="crashed", message=redact(f"{type(error).__name__}: {error}"))
    finally:
        os._exit(status)


def main() -> int:
    """Serve on the socket whose descriptor is named on the command line."""
    die_with(int(sys.argv[2]))
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with socket.socket(fileno=int(sys.argv[1])) as control:
        serve(control)
    return 0


if __name__ == "__main__":
    # by its own name, which the engine asks for the current child
    from halo_helpers.engine.fork_server.server import main as serve_under_own_name

    sys.exit(serve_under_own_name())
