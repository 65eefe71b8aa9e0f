"""The paging parameters of a list."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from ..seed.values import Record
from ..settings import Settings
from ..wire import Answer, Ask, as_json

T = TypeVar("T")
DEFAULT_COUNT = 50


def answer_page(
    ask: Ask, settings: Settings, key: str, ids: Sequence[T], make: Callable[[T], Record]
) -> Answer:
    """Answer a list in its envelope, `record_count` and the rows of the page that is asked for."""
    page = read_paging(ask, settings)
    if isinstance(page, Answer):
        return page
    number, size, count = page
    body: Record = {"page_no": number, "page_size": size} if number else {}
    chosen = ids[(number - 1) * size : number * size] if number else ids[:count]
    return as_json(body | {"record_count": len(ids), key: [make(one) for one in chosen]})


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
