"""A server that ends when standard input ends, run by `python -P -m` with the module and its options.

JupyterLab and Voilà know nothing of who started them. Whoever starts them so holds the other end of standard
input: when that process ends in any way, also killed hard, the system closes it.
"""

from __future__ import annotations

import os
import runpy
import signal
import sys
import threading
import time

from ...system.spared_imports import load_jsonschema
from .run_by_itself import sign_those_named

GRACE_S = 8.0
"""Time for a server to end its kernels; a busy one gets five seconds of JupyterLab."""


def main() -> None:
    """Run a module's command line as `python -m` does, until it ends or standard input does."""
    del sys.argv[0]
    lifeline = _own_lifeline()
    threading.Thread(target=_watch, args=(lifeline,), name="halo-lifeline", daemon=True).start()
    threading.Thread(target=sign_those_named, name="halo-sign", daemon=True).start()
    load_jsonschema()
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)


def _own_lifeline() -> int:
    """Return a descriptor of standard input, which is nothing for the server: it would ask there."""
    lifeline = os.dup(0)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    return lifeline


def _watch(lifeline: int) -> None:
    """End this process when the lifeline ends: as at SIGTERM first, so that its kernels end with it."""
    while os.read(lifeline, 4096):
        pass
    if sys.platform == "win32":
        import _thread

        # a SIGTERM would end this process at once, and leave its kernels to themselves
        _thread.interrupt_main()
    else:
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGTERM)
    time.sleep(GRACE_S)
    os._exit(1)


if __name__ == "__main__":
    main()
