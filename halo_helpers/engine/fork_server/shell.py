"""A notebook run by IPython's shell in this very process: no kernel process, no protocol.

ipykernel's own kernel object runs the cells; what it would send over sockets is put on a tape and read by
nbclient's own handling of messages, so that outputs, displays, widgets and counts come out as from a kernel.

`Shell()` is made once, before a fork, with no thread and no socket; `ShellClient` runs one notebook.
Where a notebook differs from one of a stock kernel: output of a thread that outlives its cell is dropped,
writes to standard output and standard error are joined into one output each between two displays, IPython's
start-up files are not run, and nothing is written to IPython's history.
"""

from __future__ import annotations

import asyncio
import contextlib
import faulthandler
import json
import logging
import os
import signal
import sys
import tempfile
from collections import deque
from collections.abc import Iterator
from types import FrameType, SimpleNamespace
from typing import Any, NoReturn

from ipykernel.comm.manager import CommManager  # noqa: F401 - registers ipykernel's comms
from ipykernel.iostream import IOPubThread, OutStream
from ipykernel.ipkernel import IPythonKernel
from jupyter_client.jsonutil import json_default
from jupyter_client.session import Session
from nbclient.client import timestamp
from nbclient.exceptions import CellExecutionComplete, CellExecutionError, CellTimeoutError, DeadKernelError
from nbclient.util import run_hook
from papermill.clientwrap import PapermillNotebookClient
from papermill.utils import nb_kernel_name  # noqa: F401 - loaded before the fork, since papermill needs it

_IOPUB, _REPLY = object(), object()
_STREAMS = (("stdout", 1), ("stderr", 2))


class _Tape(Session):  # type: ignore[misc]
    """Keeps the messages that a kernel sends, after one passage through JSON as over a socket."""

    def __init__(self, **options: Any) -> None:
        super().__init__(key=b"", **options)
        self.messages: deque[dict[str, Any]] = deque()

    def send(
        self,
        stream: Any,
        msg_or_type: Any,
        content: Any = None,
        parent: Any = None,
        ident: Any = None,  # noqa: ARG002
        buffers: Any = None,
        track: bool = False,  # noqa: ARG002
        header: Any = None,
        metadata: Any = None,
    ) -> dict[str, Any]:
        """Put a message on the tape."""
        msg = (
            msg_or_type
            if isinstance(msg_or_type, dict)
            else self.msg(msg_or_type, content=content, parent=parent, header=header, metadata=metadata)
        )
        found = json.loads(json.dumps({k: msg[k] for k in ("content", "metadata")}, default=json_default))
        kept: dict[str, Any] = {
            **msg,
            **found,
            "buffers": [bytes(b) for b in buffers or msg.get("buffers") or []],
            "reply": stream is _REPLY,
        }
        self.messages.append(kept)
        return kept


class _NoThread(IOPubThread):  # type: ignore[misc]
    """Stands where ipykernel's streams expect their sending thread; everything happens at once instead."""

    def __init__(self) -> None:
        self.thread = None
        self.io_loop = SimpleNamespace(call_later=lambda *_: None)

    def schedule(self, f: Any) -> None:
        """Do it now."""
        f()

    def stop(self) -> None:
        """There is nothing to stop."""


class _Stream(OutStream):  # type: ignore[misc]
    """`sys.stdout` or `sys.stderr` of a cell, together with what is written to the file descriptor beneath.

    The descriptor is a file without a name: a thread and a pipe are not needed, and nothing can block.
    """

    def __init__(self, session: Session, name: str, descriptor: int) -> None:
        super().__init__(session, _NoThread(), name, watchfd=False)
        self._raw = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115 - lives as long as the process
        self._read = 0
        os.dup2(self._raw.fileno(), descriptor)

    def write(self, string: str) -> int | None:
        """Write text, after what subprocesses have written meanwhile."""
        self.take_raw()
        return super().write(string)  # type: ignore[no-any-return]

    def take_raw(self) -> None:
        """Take in what was written to the descriptor since the last look."""
        size = os.fstat(self._raw.fileno()).st_size
        if size > self._read:
            text = os.pread(self._raw.fileno(), size - self._read, self._read).decode("utf-8", "replace")
            self._read = size
            super().write(text)

    def fileno(self) -> int:
        """Return the descriptor beneath, for subprocesses."""
        return self._raw.fileno()


class _Kernel(IPythonKernel):  # type: ignore[misc]
    """ipykernel's kernel, to which cells are given one by one: there is no queue to abort."""

    def _abort_queues(self, subshell_id: str | None = None) -> None:
        """Do nothing."""


class Shell:
    """IPython's shell with ipykernel's ways, ready to run one notebook. One a process."""

    def __init__(self) -> None:
        from IPython.core.history import HistoryManager

        HistoryManager.enabled = False  # no thread, and nothing of a tenant in a database
        os.environ.setdefault("MPLBACKEND", "module://matplotlib_inline.backend_inline")
        self.tape = _Tape()
        self.kernel = _Kernel.instance(
            session=self.tape,
            iopub_socket=_IOPUB,
            log=logging.getLogger(__name__),
            _execute_sleep=0.0,
            shell_channel_thread=SimpleNamespace(parent_thread=None),
        )
        self.kernel.shell.display_pub.pub_socket = self.kernel.shell.displayhook.pub_socket = _IOPUB

    def rehearse(self) -> None:
        """Run one cell that leaves nothing behind, so that what IPython loads at the first one is there."""
        asyncio.run(
            self.kernel.execute_request(
                _REPLY, [], self.tape.msg("execute_request", {"code": "None", "store_history": False})
            )
        )
        self.kernel.shell.execution_count = 1
        self.kernel.shell.display_formatter.format(None)  # makes its formatters
        self.tape.messages.clear()

    def take_over_streams(self) -> None:
        """Let standard output and standard error of this process, descriptors included, be the notebook's."""
        sys.stdout, sys.stderr = (_Stream(self.tape, name, descriptor) for name, descriptor in _STREAMS)
        faulthandler.disable()

    def take_raw(self) -> None:
        """Take in what subprocesses have written."""
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, _Stream):
                stream.take_raw()

    def flush(self) -> None:
        """Put what was written so far on the tape."""
        self.take_raw()
        sys.stdout.flush()
        sys.stderr.flush()


class ShellClient(PapermillNotebookClient):  # type: ignore[misc]
    """Runs a notebook's cells in this process, in nbclient's and papermill's ways.

    `deadline_s` is for the whole notebook, `timeout` for one cell; when one is over, `on_timeout` is called
    from a signal handler, since code may swallow every exception; it does not return.
    """

    def __init__(
        self,
        nb_man: Any,
        shell: Shell,
        *,
        deadline_s: float | None = None,
        on_timeout: Any = None,
        on_cell: Any = None,
        **options: Any,
    ) -> None:
        super().__init__(nb_man, **options)
        self._shell = shell
        self._left_s = deadline_s
        self._on_timeout = on_timeout
        self._on_cell = on_cell
        self._now: tuple[Any, int, str] | None = None
        self._to_kernel: deque[dict[str, Any]] = deque()
        self.kc = SimpleNamespace(
            session=shell.tape, shell_channel=SimpleNamespace(send=self._to_kernel.append)
        )

    def execute(self, **_: Any) -> Any:
        """Run all cells; as papermill's client, it stops at the first that fails."""
        self.reset_execution_trackers()
        # not asyncio.run: it takes Ctrl+C for itself, which belongs to the cell
        loop = asyncio.new_event_loop()
        asyncio.set_event_loop(loop)
        loop.run_until_complete(self._all_cells())
        info = dict(self._shell.kernel.language_info)
        self.nb.metadata["language_info"] = json.loads(json.dumps(info))
        self.set_widgets_metadata()
        return self.nb

    async def _all_cells(self) -> None:
        for index, cell in enumerate(self.nb.cells):
            try:
                self.nb_man.cell_start(cell, index)
                await self.async_execute_cell(cell, index)
            except CellExecutionError as error:
                self.nb_man.cell_exception(self.nb.cells[index], cell_index=index, exception=error)
                break
            finally:
                self.nb_man.cell_complete(self.nb.cells[index], cell_index=index)
                if self._on_cell:
                    self._on_cell(index, cell)

    async def async_execute_cell(
        self, cell: Any, cell_index: int, _count: int | None = None, store_history: bool = True
    ) -> Any:
        """Run one cell, as nbclient's method of this name does with a kernel."""
        await run_hook(self.on_cell_start, cell=cell, cell_index=cell_index)
        tags = cell.metadata.get("tags", [])
        if cell.cell_type != "code" or not cell.source.strip() or self.skip_cells_with_tag in tags:
            return cell
        if self.record_timing:
            cell["metadata"]["execution"] = {}
        if self._on_cell:
            self._on_cell(cell_index, None)
        allows_errors = not self.force_raise_errors and (self.allow_errors or "raises-exception" in tags)
        content = {
            "code": cell.source,
            "silent": False,
            "store_history": store_history,
            "user_expressions": {},
            "allow_stdin": False,
            "stop_on_error": not allows_errors,
        }
        request = self._shell.tape.msg("execute_request", content)
        cell.outputs = []
        self.code_cells_executed += 1
        self.clear_before_next_output = False
        self._now = (cell, cell_index, request["header"]["msg_id"])
        with self._limited(cell):
            reply = await self._request(request)
        self._tell_widgets()
        await self._check_raise_for_error(cell, cell_index, reply)
        if self._shell.kernel.shell.exit_now:
            raise DeadKernelError("Kernel died")
        return cell

    async def _request(self, request: dict[str, Any]) -> dict[str, Any] | None:
        kernel = self._shell.kernel
        kernel.set_parent([], request, channel="shell")
        for stream in (sys.stdout, sys.stderr):
            stream.set_parent(request)  # type: ignore[union-attr]
        kernel._publish_status("busy", "shell", request)
        await kernel.execute_request(_REPLY, [], request)
        self._shell.flush()
        kernel._publish_status("idle", "shell", request)
        return self.read_tape()

    def read_tape(self) -> dict[str, Any] | None:
        """Let nbclient handle what the current cell has sent; return the reply, when it is there."""
        if self._now is None:
            return None
        cell, index, parent = self._now
        reply = None
        tape = self._shell.tape.messages
        while tape:
            message = tape.popleft()
            if message["parent_header"].get("msg_id") != parent:
                continue
            if message["reply"]:
                reply = message
                if self.record_timing:
                    cell["metadata"]["execution"]["shell.execute_reply"] = timestamp(message)
                continue
            with contextlib.suppress(CellExecutionComplete):
                self.process_message(message, cell, index)
        return reply

    def _tell_widgets(self) -> None:
        """Tell the kernel what a front end would: the contents of Output widgets; its reply is no output."""
        while self._to_kernel:
            message = self._to_kernel.popleft()
            self._shell.kernel.set_parent([], message, channel="shell")
            self._shell.kernel.comm_manager.comm_msg(None, [], message | {"buffers": []})
        self._shell.tape.messages.clear()

    @contextlib.contextmanager
    def _limited(self, cell: Any) -> Iterator[None]:
        """Hold the limits of the cell and of the notebook by an alarm."""
        limits = [seconds for seconds in (self._get_timeout(cell), self._left_s) if seconds is not None]
        if not limits or self._on_timeout is None:
            yield
            return
        seconds = max(0.001, min(limits))
        before = signal.signal(signal.SIGALRM, self._alarm)
        signal.setitimer(signal.ITIMER_REAL, seconds)
        try:
            yield
        finally:
            remaining = signal.setitimer(signal.ITIMER_REAL, 0)[0]
            signal.signal(signal.SIGALRM, before)
            if self._left_s is not None:
                self._left_s = max(0.0, self._left_s - (seconds - remaining))

    def _alarm(self, _: int, __: FrameType | None) -> NoReturn:
        """End the run from wherever the cell is.

        What was sent so far is kept, and the cell says what happened.
        """
        with contextlib.suppress(Exception):
            self._shell.flush()
            self.read_tape()
        assert self._now is not None  # noqa: S101 - the alarm is set for a cell only
        cell, index, _parent = self._now
        self._on_timeout(self.nb_man, cell, index, CellTimeoutError("the time was up"))
        os._exit(1)
