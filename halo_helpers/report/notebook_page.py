"""An executed notebook as a page that opens offline."""

from __future__ import annotations

from pathlib import Path

from ..errors import ConfigError, Mistake


def notebook_page(folder: Path, tenant: str) -> str:
    """Return a tenant's notebook of a run as HTML.

    Raises: ConfigError when there is none, or JupyterLab's converter is not installed.
    """
    file = folder / f"{tenant}.ipynb"
    if not file.is_file():
        raise ConfigError(Mistake(f"there is no notebook of {tenant!r} in this run", str(folder)))
    try:
        from nbconvert import HTMLExporter
    except ImportError:
        raise ConfigError(
            "a notebook as a page needs the extra “lab”: pip install 'halo-runbook[lab]'"
        ) from None
    exporter = HTMLExporter(embed_images=True, exclude_input_prompt=True, exclude_output_prompt=True)
    text: str = exporter.from_filename(str(file))[0]
    return text
