"""What JupyterLab saves of the guide: what reads without a kernel, and no widget that would be found dead."""

from __future__ import annotations

from typing import Any

_WIDGET = "application/vnd.jupyter.widget-view+json"


def drop_widgets(model: dict[str, Any], **_: object) -> None:
    """Take widget views out of a notebook where HTML stands beside them, and the state of widgets.

    JupyterLab calls it with the model that is to be saved, which it changes. A page that is opened later
    shows the HTML then, and not “model not found”.
    """
    notebook = model.get("content")
    if model.get("type") != "notebook" or not isinstance(notebook, dict):
        return
    notebook.get("metadata", {}).pop("widgets", None)
    for cell in notebook.get("cells", []):
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            if "text/html" in data:
                data.pop(_WIDGET, None)
