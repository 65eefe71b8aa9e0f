"""A panel without a browser: messages in, traits and messages out."""

from __future__ import annotations

from typing import Any


def click(panel: Any, do: str, **more: Any) -> Any:
    """Send what a click sends, and wait for what it started."""
    panel.view._on_message(panel.view, {"do": do, **more}, [])
    if hasattr(panel, "work"):
        panel.work.wait()
    return panel.view


def sent(panel: Any) -> list[dict[str, Any]]:
    """Collect the messages of a view to its page."""
    found: list[dict[str, Any]] = []
    panel.view.send = found.append
    return found
