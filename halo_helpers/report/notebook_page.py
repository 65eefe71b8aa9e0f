"""An executed notebook as a page that opens offline: what it holds is shown, and nothing of it runs."""

from __future__ import annotations

import re
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import ConfigError, Mistake, unreadable
from ..system.extras import needs_extra
from ..tenants.tenant import NAME
from .html import template

if TYPE_CHECKING:
    from nbconvert import HTMLExporter

_TAGS = (
    "a abbr b blockquote br code dd del details div dl dt em h1 h2 h3 h4 h5 h6 hr i img kbd li ol p pre q s "
    "small span strong sub summary sup table tbody td th thead tr ul"
)
_STYLES = (
    "border border-left border-radius border-style border-width color display font-style font-weight margin "
    "max-width padding text-align vertical-align white-space width"
)
"""What of a notebook's HTML is kept, in words with blanks between."""


def notebook_page(folder: Path, tenant: str) -> str:
    """Return a tenant's notebook of a run as HTML.

    Raises: ConfigError when there is none, it cannot be read, or JupyterLab's converter is not installed.
    """
    file = folder / f"{tenant}.ipynb"
    if not NAME.fullmatch(tenant) or not file.is_file():
        raise ConfigError(Mistake(f"there is no notebook of {tenant!r} in this run", str(folder)))
    from markupsafe import Markup

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of outputs in which nothing is left
            body = _cleaned(_exporter().from_filename(str(file))[0])
    except ImportError:
        raise ConfigError(needs_extra("nbconvert", "a notebook as a page")) from None
    except Exception as error:  # of nbformat's and nbconvert's many kinds
        raise unreadable(error, file) from None
    return template("notebook.html.jinja").render(title=tenant, body=Markup(body))  # noqa: S704 - cleaned


def _exporter() -> HTMLExporter:
    """Return nbconvert's exporter without its page, which has scripts.

    Images that are named by a path are not read: a notebook could name any file of this machine.

    Raises: ImportError without the extra.
    """
    from nbconvert import HTMLExporter
    from traitlets.config import Config

    kept = {"tags": _TAGS.split(), "attributes": _is_kept, "styles": _STYLES.split(), "strip": True}
    return HTMLExporter(
        config=Config({"SanitizeHTML": kept}),
        template_name="basic",
        preprocessors=["nbconvert.preprocessors.sanitize.SanitizeHTML"],
        exclude_input_prompt=True,
        exclude_output_prompt=True,
        exclude_anchor_links=True,
    )


def _cleaned(body: str) -> str:
    """Return a page's body with the HTML that shows things, and none that runs, loads or leads astray.

    The exporter has cleaned the HTML in it; what Markdown and its own template made is cleaned here.
    """
    import bleach
    from bleach.css_sanitizer import CSSSanitizer

    text: str = bleach.clean(
        re.sub(r"(?is)<(script|style)\b.*?</\1\s*>", "", body),
        tags=_TAGS.split(),
        attributes=_is_kept,
        protocols=["http", "https", "mailto", "data"],
        css_sanitizer=CSSSanitizer(allowed_css_properties=_STYLES.split()),
        strip=True,
    )
    return text


def _is_kept(tag: str, name: str, value: str) -> bool:
    """Whether an attribute stays: images are those of the notebook itself, links lead to pages."""
    if (tag, name) == ("img", "src"):
        return value.startswith(("data:image/png;", "data:image/jpeg;"))
    if (tag, name) == ("a", "href"):
        return not value.startswith("data:")
    return name in {"class", "style", "title", "open", "alt"}
