"""The registry of checks. A new check is one function in one file of this room, decorated with `check`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from ..system.plain_text import did_you_mean
from .findings import Diagnosis, Finding

if TYPE_CHECKING:
    from .probe import Probe

Function = Callable[["Probe"], AsyncIterator[Finding | str]]


@dataclass(frozen=True)
class Check:
    """One question. `ask` yields findings, and texts that say what was seen when all is well.

    `needs` are checks that must not have failed, `after` checks that are only waited for.
    """

    id: str
    title: str
    needs: tuple[str, ...]
    codes: tuple[str, ...]
    step: str | None
    ask: Function
    after: tuple[str, ...] | Literal["*"] = ()
    otherwise: str = ""
    """The heading when it fails or could not be asked; true in both cases."""
    earned: str = ""
    """The heading when it holds, where the title says more than was asked."""
    uses: tuple[str, ...] = ()
    """The answers of the guide that it reads, so that its result is outdated when one of them changes."""

    @property
    def layer(self) -> str:
        """The part of the id before the dot."""
        return self.id.partition(".")[0]


WITH_TOKEN = ("base_url", "client_id", "client_secret")
"""What a check reads that asks with a token."""
CHECKS: dict[str, Check] = {}
"""What every verification asks."""
ON_REQUEST: dict[str, Check] = {}
"""What is asked only when it is named: it makes sense at one step of the guide."""


def known_check(check_id: str) -> Check | None:
    """Return a check by its id, None when there is none."""
    return CHECKS.get(check_id) or ON_REQUEST.get(check_id)


def check(
    check_id: str,
    *,
    title: str,
    otherwise: str = "",
    earned: str = "",
    needs: tuple[str, ...] = (),
    codes: tuple[Diagnosis, ...] = (),
    step: str | None = None,
    after: tuple[str, ...] | Literal["*"] = (),
    uses: tuple[str, ...] = WITH_TOKEN,
    on_request: bool = False,
) -> Callable[[Function], Function]:
    """Register a check; the ones it needs are registered before it."""

    def register(ask: Function) -> Function:
        unknown = [need for need in needs if need not in CHECKS]
        if known_check(check_id) or unknown:
            raise ValueError(f"check {check_id}: registered twice, or needs unknown {unknown}")
        names = tuple(code.code for code in codes)
        registry = ON_REQUEST if on_request else CHECKS
        registry[check_id] = Check(
            check_id, title, needs, names, step, ask, after, otherwise, earned or title, uses
        )
        return ask

    return register


def select(only: tuple[str, ...] | list[str] | None) -> list[str]:
    """Return the ids of the checks to run for ids and layers, with all that they need, in order.

    Raises: ValueError with the known ids when one is unknown, and when none is named.
    """
    if only is None:
        return list(CHECKS)
    if not only:
        raise ValueError("name at least one check or layer, or leave it out for all")
    wanted: set[str] = set()
    for word in only:
        matches = [entry.id for entry in CHECKS.values() if word in {entry.id, entry.layer}]
        matches += [word] if word in ON_REQUEST else []
        if not matches:
            layers = sorted({entry.layer for entry in CHECKS.values()})
            known = [*layers, *CHECKS, *ON_REQUEST]
            close = did_you_mean(word, known)
            listed = f"; layers are {', '.join(layers)}; checks are {', '.join([*CHECKS, *ON_REQUEST])}"
            raise ValueError(f"no check or layer is called {word!r}{close or listed}")
        wanted.update(matches)
    todo = list(wanted)
    while todo:
        entry = known_check(todo.pop())
        for need in entry.needs if entry else ():
            if need not in wanted:
                wanted.add(need)
                todo.append(need)
    return [check_id for check_id in (*CHECKS, *ON_REQUEST) if check_id in wanted]
