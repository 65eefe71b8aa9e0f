"""A panel: a widget whose buttons ask the kernel, and the static HTML that stands for it where nobody clicks.

Every message is acknowledged, so that a page tells when its kernel has gone. No exception is lost in a
callback:
what is foreseeable becomes a card, and everything else one that asks to report it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import lru_cache
from html import escape
from pathlib import Path
from typing import Any, ClassVar

import anywidget
import traitlets

from ...errors import HaloError
from ...guide.lab.run_by_itself import RUN_ALL
from .style import CSS, of_error, sentence

_JS = Path(__file__).parent / "js"


Message = dict[str, Any]
"""What a page sends: `do`, and fields by name; anybody may have made it."""


@lru_cache
def script(name: str) -> str:
    """Return a view's script, with what all of them share."""
    own = [(_JS / f"{part}.js").read_text(encoding="utf-8") for part in ("common", name)]
    return "".join([RUN_ALL, *own])


class View(anywidget.AnyWidget):  # type: ignore[misc]
    """Base of the widgets: hands each message to `receive`. No trait of a view ever holds a secret."""

    _css = CSS
    results = traitlets.Unicode("").tag(sync=True)

    def __init__(self, receive: Callable[[Message], None], **traits: Any) -> None:
        super().__init__(**traits)
        self._receive_one = receive
        self.on_msg(self._on_message)

    def _on_message(self, _: object, content: Any, __: object = None) -> None:
        self.send({"kind": "ack"})
        if isinstance(content, dict):
            self.guarded(lambda: self._receive_one(content))

    def guarded(self, work: Callable[[], None]) -> None:
        """Do something; whatever goes wrong becomes a card."""
        try:
            work()
        except HaloError as error:
            self.results = of_error(error)
        except Exception as error:
            self.results = sentence(
                f"this tool failed ({type(error).__name__}); please report it, and run the cell again"
            )


class CardView(View):
    """A card that the kernel draws; what is clicked in it comes as a message."""

    _esm = script("card")
    html = traitlets.Unicode("").tag(sync=True)
    spoken = traitlets.Unicode("").tag(sync=True)
    """What a screen reader says once."""
    sticky = traitlets.Bool(False).tag(sync=True)
    target = traitlets.Unicode("").tag(sync=True)
    """The step that a page shows first, where it is in this notebook."""


class Panel:
    """What a notebook cell shows: a widget for people, and a static form of it.

    Static HTML and text serve stored pages and unattended runs.
    """

    view: View | None = None

    def __init__(self, html: str, plain: str) -> None:
        self.html, self.plain = html, plain

    def _repr_mimebundle_(self, **options: Any) -> dict[str, Any]:
        bundle: dict[str, Any] = {}
        if self.view is not None:
            shown = self.view._repr_mimebundle_(**options)
            bundle = dict(shown[0] if isinstance(shown, tuple) else shown or {})
        return bundle | {"text/html": self.html, "text/plain": self.plain}


def static(text: str) -> Panel:
    """Build a panel of one sentence."""
    return Panel(f"<p>{escape(text)}</p>", text)


class Background:
    """One piece of work at a time, in a thread, so that a kernel stays free and the work can be cancelled."""

    waited: ClassVar[float] = 60.0

    def __init__(self) -> None:
        self._thread: threading.Thread | None = None
        self._starting = threading.Lock()
        self._busy = False
        self.stop = threading.Event()

    @property
    def running(self) -> bool:
        """Whether the work is under way."""
        return self._busy and self._thread is not None and self._thread.is_alive()

    def start(self, work: Callable[[threading.Event], None]) -> bool:
        """Start the work unless some is under way; return whether it was started."""
        with self._starting:
            if self.running:
                return False
            self.stop, self._busy = (stop := threading.Event()), True
            self._thread = threading.Thread(target=work, args=(stop,), name="halo-panel", daemon=True)
            self._thread.start()
            return True

    def done(self) -> None:
        """Say, from the work itself, that it is over: what is drawn from now on shows it."""
        self._busy = False

    def wait(self) -> None:
        """Wait for the end of the work, and of what it has started in its place."""
        waited_for = None
        while (thread := self._started()) is not waited_for:
            if thread is not None:
                thread.join(self.waited)
            waited_for = thread

    def _started(self) -> threading.Thread | None:
        """Return the thread of the work; one that is being started is no thread to wait for yet."""
        with self._starting:
            return self._thread
