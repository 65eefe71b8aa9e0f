"""Verifications for a terminal."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from ..checks import DIAGNOSES
from ..client.models import Agent
from ..guide.steps import STEPS
from ..verification.causes import Card, cards_of
from ..verification.result import WORDS, CheckResult, Verification
from .manifest import Undone

if TYPE_CHECKING:
    from rich.table import Table

COLOURS = {"pass": "green", "warn": "yellow", "fail": "red", "error": "magenta", "skip": "dim"}
WIDTH_WITHOUT_TERMINAL = 120


def verification_text(
    result: Verification, *, width: int | None = None, colour: bool = False, details: bool = True
) -> str:
    """Say what was found of one tenant: each finding with cause, what to do and where, then all checks."""
    lines = [_banner(result), ""]
    for card in cards_of(result.checks):
        lines += [
            f"{WORDS[card.verdict].upper()}  {card.headline}  [{card.code}]",
            f"  seen:   {card.seen}",
            f"  cause:  {card.cause.cause}",
            f"  to do:  {card.cause.remedy}",
        ]
        where = step_words(card.cause.step)
        lines += [f"  where:  {where}"] if where else []
        lines += [f"  so too: {card.because_of_it}"] if card.because_of_it else []
        lines.append("")
    if not details:
        return _wrapped([*lines, result.summary()], width)
    table = text_table("Check", "Result", "Seen", whole=("Result",))
    skipped: dict[str, list[str]] = {}
    for check in result.checks:
        if check.verdict == "skip":
            skipped.setdefault(check.seen, []).append(check.id)
        else:
            table.add_row(check.id, _word(check), escaped(_short_seen(check)))
    for reason, ids in skipped.items():
        table.add_row(_crowd(ids), f"[{COLOURS['skip']}]{WORDS['skip']}[/]", escaped(reason))
    text = "\n".join(escaped(line) for line in lines)
    return render([text, table, "", escaped(result.summary())], width, colour)


def _wrapped(lines: Sequence[str], width: int | None) -> str:
    """Wrap lines as rich would; what a notebook stores as plain text needs no table and no colour."""
    import textwrap

    wrapper = textwrap.TextWrapper(
        width or WIDTH_WITHOUT_TERMINAL, subsequent_indent="          ", break_on_hyphens=False
    )
    return "\n".join(wrapper.fill(line) for line in lines) + "\n"


def fleet_table(
    results: Iterable[Verification],
    undone: Sequence[Undone] = (),
    *,
    width: int | None = None,
    colour: bool = False,
) -> str:
    """Say for each tenant what is wrong, why and what to click; broken ones first, not verified ones last."""
    columns = ("Tenant", "Result", "What is wrong, and why", "What to do, and where")
    table = text_table(*columns, lines=True, whole=("Result",))
    order = {"fail": 0, "error": 1, "warn": 2, "pass": 3}
    ordered = sorted(results, key=lambda entry: (order[entry.verdict], entry.tenant))
    for result in ordered:
        for number, card in enumerate(cards_of(result.checks)):
            where = step_words(card.cause.step)
            also = f" So too: {card.because_of_it}." if card.because_of_it else ""
            table.add_row(
                escaped(result.tenant) if number == 0 else "",
                f"[{COLOURS[card.verdict]}]{WORDS[card.verdict]}[/]\n{card.code}",
                escaped(f"{_capital(card.seen).rstrip('.')}. {card.cause.cause}{also}"),
                escaped(card.cause.remedy + (f"\n→ {where}" if where else "")),
            )
    fine = [result.tenant for result in ordered if not result.findings]
    if fine:
        table.add_row(
            escaped(first_names(fine, 30)), f"[{COLOURS['pass']}]{WORDS['pass']}[/]", "nothing", "nothing"
        )
    for (code, seen), names in by_reason(undone).items():
        remedy = DIAGNOSES[code].remedy if code in DIAGNOSES else ""
        table.add_row(
            escaped(first_names(names, 30)),
            f"[{COLOURS['error']}]not verified[/]\n{escaped(code)}",
            escaped(f"{_capital(seen)}. The fault is ours, not theirs."),
            escaped(remedy),
        )
    return render([table], width, colour)


def by_reason(undone: Iterable[Undone]) -> dict[tuple[str, str], list[str]]:
    """Return the tenants that were not verified, by code and what was seen."""
    groups: dict[tuple[str, str], list[str]] = {}
    for left in undone:
        groups.setdefault((left.code, left.seen), []).append(left.tenant)
    return groups


def first_names(names: Sequence[str], most: int) -> str:
    """Return the first names, and how many more there are."""
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")


def agents_table(
    agents: Sequence[Agent], own: Agent | None, *, width: int | None = None, colour: bool = False
) -> str:
    """List agents; the one that the token acts for is marked."""
    table = text_table("ID", "Name", "Teams", "Remarks")
    for agent in agents:
        table.add_row(
            str(agent.id),
            escaped(agent.name),
            escaped(", ".join(agent.team_names or ())),
            agent_remarks(agent, own),
        )
    return render([table], width, colour)


def agent_remarks(agent: Agent, own: Agent | None) -> str:
    """Say what is worth knowing of an agent."""
    found = ["the application logs in as this one"] if own and own.id == agent.id else []
    found += ["disabled"] if agent.is_disabled else []
    found += ["API-only"] if agent.is_api_only else []
    found += ["in no team"] if agent.team_names == () else []
    return ", ".join(found)


def step_words(step_id: str | None) -> str:
    """Return the click path to mend what a step has made, and the notebook that explains it."""
    step = STEPS.get(step_id or "")
    if step is None:
        return ""
    return f"{step.path_again} (notebook {step.notebook})" if step.path else f"notebook {step.notebook}"


def guide_command(step_id: str | None, tenants: Sequence[str]) -> str:
    """Return the command that opens the guide at a step, for one tenant or as a pattern for several."""
    if step_id not in STEPS:
        return ""
    return f"halo-runbook lab --tenant {tenants[0] if len(tenants) == 1 else 'NAME'} --step {step_id}"


def message_text(card: Card, base_url: str) -> str:
    """Write a message about one cause to whoever can mend it, for an e-mail or a ticket."""
    finding = card.cause
    step, link = STEPS.get(finding.step or ""), finding.link
    where = (
        f"Where: {step.path_again}" + (f" ({base_url}{link})" if link else "") if step and step.path else ""
    )
    also = f"For this reason also: {card.because_of_it}." if card.because_of_it else ""
    lines = [
        f"Hello, this is about HaloPSA at {base_url}, which is being connected to Neo Agent.",
        f"{card.headline}.",
        f"What was seen: {card.seen}",
        f"Cause: {finding.cause}",
        f"What to do: {finding.remedy}",
        where,
        also,
        f"Please answer when it is done: it is checked again then. (Code: {card.code})",
    ]
    return "\n".join(line for line in lines if line)


def _banner(result: Verification) -> str:
    who = f"{result.label or 'Customer'} ({result.tenant})"
    kind = "[practice] " if result.practice else ""
    acting = f", acting as {result.agent.label}" if result.agent else ""
    return f"{kind}{who} at {result.base_url}{acting}: {WORDS[result.verdict]}"


def _crowd(ids: list[str]) -> str:
    """Name checks in few words: many of one layer as `access.* (17)`."""
    layers: dict[str, list[str]] = {}
    for check_id in ids:
        layers.setdefault(check_id.partition(".")[0], []).append(check_id)
    return ", ".join(
        f"{layer}.* ({len(own)})" if len(own) > 3 else ", ".join(own) for layer, own in layers.items()
    )


def _word(check: CheckResult) -> str:
    return f"[{COLOURS[check.verdict]}]{WORDS[check.verdict]}[/]"


def _short_seen(check: CheckResult) -> str:
    return f"{check.code}: {check.seen}" if check.code else check.seen


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def escaped(text: str) -> str:
    """Keep rich from reading brackets in foreign text as markup."""
    from rich.markup import escape

    return escape(text)


def text_table(*columns: str, lines: bool = False, whole: tuple[str, ...] = ()) -> Table:
    """Return an empty table; what stands in the `whole` columns, verdicts and codes, is never broken."""
    from rich import box
    from rich.table import Table

    table = Table(box=box.HORIZONTALS if lines else box.SIMPLE_HEAD, show_lines=lines, pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold", no_wrap=column in whole)
    return table


def render(parts: Sequence[object], width: int | None, colour: bool) -> str:
    """Return texts and tables as a terminal of this width shows them."""
    from rich.console import Console

    out = io.StringIO()
    console = Console(
        file=out,
        width=width or WIDTH_WITHOUT_TERMINAL,
        force_terminal=colour,
        highlight=False,
        force_jupyter=False,
        color_system="standard" if colour else None,
        soft_wrap=False,
    )
    for part in parts:
        console.print(part)
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines()) + "\n"
