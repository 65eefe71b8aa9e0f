"""How a page is made: templates, headers, redirects."""

from __future__ import annotations

import secrets
from functools import lru_cache

from jinja2 import Environment, PackageLoader

from ..wire import HTML, Answer, Headers
from .notices import Notice
from .sign_in import Session

SHOWN = 200
"""Rows of a table that are shown; more are found by searching."""


def html_page(
    session: Session | None,
    template: str,
    status: int = 200,
    *,
    notice: Notice | None = None,
    form_action: str = "'self'",
    **values: object,
) -> Answer:
    """Return a page made from a template; nothing is cached, nothing from elsewhere is loaded.

    `form_action` is where its forms may lead.
    """
    nonce = secrets.token_urlsafe(12)
    text = (
        _templates()
        .get_template(f"{template}.html.jinja")
        .render(session=session, nonce=nonce, **(notice or {}), **values)
    )
    policy = (
        f"default-src 'none'; style-src 'nonce-{nonce}'; script-src 'nonce-{nonce}'; "
        f"form-action {form_action}; frame-ancestors 'none'; base-uri 'none'"
    )
    headers: Headers = [
        ("cache-control", "no-store"),
        ("content-security-policy", policy),
        ("referrer-policy", "same-origin"),
        ("x-content-type-options", "nosniff"),
    ]
    return Answer(status, text.encode(), HTML, headers)


def redirect(target: str, headers: Headers | None = None) -> Answer:
    """Return a redirect to another page."""
    return Answer(303, headers=[("location", target), ("cache-control", "no-store"), *(headers or [])])


def too_old(session: Session | None) -> Answer:
    """Return the page that refuses a form without the right token."""
    return html_page(session, "missing", 403, problems=["This form is too old. Go back and load it again."])


@lru_cache(maxsize=1)
def _templates() -> Environment:
    return Environment(
        loader=PackageLoader("halo_helpers.practice.screens"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
