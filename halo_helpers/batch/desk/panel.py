"""The desk: choose the tenants file, mend it, add and pause tenants, verify them, open what came out."""

from __future__ import annotations

import datetime as dt
import os
import webbrowser
from pathlib import Path

from ...errors import ConfigError
from ...panels.base.style import box
from ...panels.base.view import CardView, Message, Panel
from ...system.paths import data_folder
from ...tenants.edit_file import add_tenant, pause_tenant, resume_tenant
from ...tenants.find import tenants_file as find_file
from ...tenants.tenant import read_agent_id
from ..fleet import FleetOptions
from ..run_folder import INDEX
from .cards import desk_html
from .file import mend_lines, read_file
from .fleet_in_background import FleetInBackground

_FIELDS = ("name", "base_url", "halo_tenant", "client_id", "client_secret", "label", "owner")
_STATIC = (
    "The desk is here once this cell has run in JupyterLab: the tenants file with its mistakes, its "
    "tenants, a run of "
    "them and what came out. On the command line: halo-runbook tenants check, and halo-runbook batch."
)
_VOILA = "The desk runs nothing on a web page: open fleet-report.ipynb in JupyterLab."


def desk(tenants_file: str = "") -> Panel:
    """Return the desk for a tenants file; by default the one that the command line would take."""
    if os.environ.get("SERVER_SOFTWARE", "").startswith("voila"):
        return Panel(box(f"<p>{_VOILA}</p>"), _VOILA)
    found = find_file(tenants_file or None)
    return Desk((found or data_folder() / "tenants.yaml").expanduser().absolute())


class Desk(Panel):
    """What is done with a tenants file: read, mended, extended, verified.

    Messages: `open`, `mend`, `find`, `add`, `ask-pause`, `pause`, `keep`, `resume`, `run`, `cancel`,
    `report`, `all-runs`.
    """

    view: CardView

    def __init__(self, file: Path) -> None:
        super().__init__(box(f"<p>{_STATIC}</p>"), _STATIC)
        self.file = read_file(file)
        self.out = file.parent / "runs"
        self.fleet = FleetInBackground(self.refresh)
        self.find = self.pausing = self.said = ""
        self.added = 0
        """How many forms were sent: each has fields of its own, so that an old entry is not offered again."""
        self.view = CardView(self._receive)
        self.refresh()

    @property
    def work(self) -> object:
        """The run in the background."""
        return self.fleet.work

    def refresh(self) -> None:
        """Show everything as it is now."""
        self.view.html = desk_html(self)

    def _receive(self, message: Message) -> None:
        self.view.results, self.said = "", ""
        do = str(message.get("do"))
        if do != "ask-pause":
            self.pausing = ""
        handler = {
            "open": self._open,
            "mend": self._mend,
            "find": self._find,
            "add": self._add,
            "ask-pause": self._ask_pause,
            "pause": self._pause,
            "resume": self._resume,
            "run": self._run,
            "cancel": self._cancel,
            "report": self._show_report,
            "all-runs": self._show_all_runs,
        }.get(do)
        try:
            if handler is not None:
                handler(message)
        finally:
            self.refresh()

    def _open(self, message: Message) -> None:
        given = str(message.get("file", "")).strip()
        if not given:
            raise ConfigError("enter the path of a tenants file")
        path = Path(given).expanduser().absolute()
        self.file, self.out, self.find = read_file(path), path.parent / "runs", ""

    def _mend(self, message: Message) -> None:
        shown = {line.number: line.text for line in self.file.lines}
        typed = {number: message.get(f"line-{number}") for number in shown}
        changes = {
            number: text for number, text in typed.items() if isinstance(text, str) and text != shown[number]
        }
        # the field of a line that may hold a secret is empty: empty means that it stays
        changes = {number: text for number, text in changes.items() if text or shown[number] is not None}
        try:
            if changes:
                mend_lines(self.file, changes)
        finally:
            self._read_again("")
        self.said = "Saved." if changes else "Nothing was changed."

    def _find(self, message: Message) -> None:
        self.find = str(message.get("find", "")).strip().lower()

    def _add(self, message: Message) -> None:
        typed = {
            name: str(message.get(f"{name}-{self.added}", "")).strip() for name in (*_FIELDS, "agent_id")
        }
        entry = typed | {"agent_id": read_agent_id(typed["agent_id"]) if typed["agent_id"] else None}
        add_tenant(self.file.path, entry)
        self.added += 1
        self._read_again(f"{typed['name']} stands in the file.")

    def _ask_pause(self, message: Message) -> None:
        self.pausing = str(message.get("name"))

    def _pause(self, message: Message) -> None:
        name = str(message.get("name"))
        try:
            until = dt.date.fromisoformat(str(message.get(f"until-{name}", "")).strip())
        except ValueError:
            raise ConfigError("enter the day until which it pauses, such as 2026-12-31") from None
        pause_tenant(self.file.path, name, until, str(message.get(f"reason-{name}", "")).strip())
        self._read_again(f"{name} is not verified before {until}.")

    def _resume(self, message: Message) -> None:
        name = str(message.get("name"))
        resume_tenant(self.file.path, name)
        self._read_again(f"{name} is verified again.")

    def _run(self, message: Message) -> None:
        self._read_again("")
        if not self.file.is_usable:
            raise ConfigError("mend the tenants file first")
        only = [str(message["name"])] if message.get("name") else []
        self.fleet.start(self.file.path, self.out, FleetOptions(only=only))

    def _cancel(self, _: Message) -> None:
        self.fleet.cancel()

    def _show_report(self, _: Message) -> None:
        if self.fleet.run is not None:
            self._show(self.fleet.run.folder / "report.html")

    def _show_all_runs(self, _: Message) -> None:
        self._show(self.out / INDEX)

    def _show(self, page: Path) -> None:
        """Open a page in the browser of this machine: JupyterLab shows no files of other folders."""
        if not webbrowser.open(page.absolute().as_uri()):
            self.said = f"Open it yourself: {page.absolute()}"

    def _read_again(self, said: str) -> None:
        self.file, self.said = read_file(self.file.path), said
