"""The paging parameters of a list."""

from __future__ import annotations

from ..settings import Settings
from ..wire import Answer, Ask, as_json

DEFAULT_COUNT = 50


def read_paging(ask: Ask, settings: Settings) -> tuple[int, int, int] | Answer:
    """Return (page number or 0 without paging, page size, count), or a refusal (W18, W21)."""
    if ask.flag("pageinate") is not True:
        count = ask.number("count")
        return 0, 0, DEFAULT_COUNT if count is None else count
    size = ask.number("page_size") or DEFAULT_COUNT
    if settings.page_max == "error" and size > 100:
        return as_json("Page size is too large", 400)
    if settings.page_max != "error":
        size = min(size, int(settings.page_max))
    return ask.number("page_no") or 1, size, 0
