"""A notebook that was opened runs by itself: the script for it, and the signature that lets it run.

JupyterLab runs scripts of outputs only in notebooks that are signed; elsewhere the words that stand beside it
say what to do. After a restart of the kernel nothing runs by itself: somebody restarted it for a reason.
"""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path

RUN_ALL = (Path(__file__).parent / "run_all.js").read_text(encoding="utf-8")
"""How this tool runs a notebook that is open; `haloRunning` holds those that it is running."""
_SCRIPT = """
if (!window.haloOpened) {
  const ran = new WeakSet();
  let without = 0;
  window.haloOpened = setInterval(() => {
    without = document.querySelector("[data-halo-saved]") ? 0 : without + 1;
    if (without > 50) {
      clearInterval(window.haloOpened);
      delete window.haloOpened;
    }
    const app = window.jupyterapp;
    const note = app?.shell.currentWidget;
    const session = note?.context?.sessionContext;
    const kernel = session?.session?.kernel;
    if (ran.has(note) || !note?.node.querySelector("[data-halo-saved]")) return;
    if (!session?.isReady || kernel?.status !== "idle") return;
    ran.add(note);
    runAllCells(app, note);
  }, 100);
}
"""
"""Waits until the notebook in front has a kernel that is idle, and runs all cells once. It ends once no saved
view is left on the page."""
SAVED = (
    "<p class='h-soft' data-halo-saved='1'>A saved view, which is not live: it runs by itself in a "
    "moment, or "
    "choose <b>Run → Run All Cells</b>.</p>"
)
"""What stands in a saved view of the header."""


def saved_header(form: str = "") -> str:
    """Return the header's saved form with the script that makes it live."""
    return f"{form}{SAVED}<script>{RUN_ALL}{_SCRIPT}</script>"


SIGN = "HALO_LAB_SIGN"
"""The notebooks that a lab is started with and has to sign, as a list in JSON."""


def sign_those_named() -> None:
    """Sign the notebooks that the environment names: in the server, which loads nbformat in any case.

    Loading it takes more than a second, which would else pass before the server begins.
    """
    for copy in json.loads(os.environ.pop(SIGN, "[]")):
        with contextlib.suppress(OSError):
            sign(Path(copy))


def sign(copy: Path) -> None:
    """Let JupyterLab trust a notebook that this tool has made; without nbformat there is no JupyterLab."""
    with contextlib.suppress(ImportError):
        import nbformat
        from nbformat.sign import NotebookNotary

        NotebookNotary().sign(nbformat.read(copy, as_version=4))
