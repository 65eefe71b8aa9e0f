"""The entry of a Client Secret: its input is no widget state, so that no notebook can ever save it (floor 6).

The value goes to the kernel once, as a custom message, on Enter and on leaving the field, which is emptied at
once. What the field says of itself is the kernel's answer, never stored.
Source: measurements of stock fields, which save what is typed in clear text when widget state is saved.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import anywidget

from ..secrets import Secret

_ESM = """
function render({ model, el }) {
  const id = "halo-secret-" + Math.random().toString(36).slice(2);
  const label = document.createElement("label");
  label.htmlFor = id;
  label.textContent = "Client Secret";
  label.style.cssText = "display:inline-block;min-width:9em";
  const input = document.createElement("input");
  Object.assign(input, { id, type: "password", autocomplete: "off", spellcheck: false, size: 40 });
  input.setAttribute("data-1p-ignore", "");
  const status = document.createElement("span");
  status.setAttribute("role", "status");
  status.style.cssText = "margin-left:.6em";
  status.textContent = "run this cell to enter it";
  const send = () => {
    const value = input.value;
    input.value = "";
    if (!value) return;
    try { model.send({ kind: "secret", value }); }
    catch { status.textContent = "no kernel: run this cell again, then enter it"; }
  };
  input.addEventListener("keydown", (event) => {
    if (event.key === "Enter") send();
    if (!event.ctrlKey && !event.metaKey) event.stopPropagation();
  });
  input.addEventListener("blur", send);
  const onMessage = (message) => { if (message.kind === "status") status.textContent = message.text; };
  model.on("msg:custom", onMessage);
  el.append(label, input, status);
  try { model.send({ kind: "hello" }); } catch { /* the text above says what to do */ }
  return () => model.off("msg:custom", onMessage);
}
export default { render };
"""


class SecretEntry(anywidget.AnyWidget):  # type: ignore[misc]
    """A password field that hands its value over once. `on_secret` gets it; `describe` says what is kept."""

    _esm = _ESM

    def __init__(self, on_secret: Callable[[Secret], None], describe: Callable[[], str]) -> None:
        super().__init__()
        self._on_secret = on_secret
        self._describe = describe
        self.on_msg(self._receive)

    def _receive(self, _: object, content: Any, __: object) -> None:
        if isinstance(content, dict) and content.get("kind") == "secret":
            self._on_secret(Secret(str(content.pop("value", ""))))
        self.tell()

    def tell(self) -> None:
        """Say in the field what is kept."""
        self.send({"kind": "status", "text": self._describe()})
