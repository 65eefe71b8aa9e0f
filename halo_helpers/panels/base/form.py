"""A small form: a few inputs, a few buttons, and what came of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import traitlets

from .style import box
from .view import Background, Message, Panel, View, script


class FormView(View):
    """The widget of a form."""

    _esm = script("form")
    about = traitlets.Unicode("").tag(sync=True)
    inputs: Any = traitlets.List().tag(sync=True)
    buttons: Any = traitlets.List().tag(sync=True)
    running = traitlets.Bool(False).tag(sync=True)


class FormPanel(Panel):
    """A form. `actions` are by the name of their button.

    Each takes the inputs and gives HTML to show, in the background.
    """

    view: FormView

    def __init__(
        self,
        about: str,
        plain: str,
        inputs: list[dict[str, Any]],
        actions: dict[str, tuple[str, Callable[[Message], str]]],
    ) -> None:
        super().__init__(box(about), plain)
        self._actions = actions
        self.work = Background()
        buttons = [(name, label) for name, (label, _) in actions.items()]
        self.view = FormView(self._receive, about=box(about), inputs=inputs, buttons=buttons)

    def _receive(self, message: Message) -> None:
        _, action = self._actions.get(str(message.get("do")), ("", None))
        if action is None or self.work.running:
            return
        self.view.running = True
        self.work.start(lambda _: self._do(action, message))

    def _do(self, action: Callable[[Message], str], message: Message) -> None:
        def show() -> None:
            self.view.results = box(action(message))

        try:
            self.view.guarded(show)
        finally:
            self.view.running = False
