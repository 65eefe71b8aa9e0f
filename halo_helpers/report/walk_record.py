"""How the record of a walk reads: the verdict first, what it rests on, then every step and check."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..guide.rules import RULES
from ..guide.walk_states import DONE, WORDS, State
from ..system.plain_text import as_markdown, count_of
from ..verification.causes import cards_of
from ..verification.result import WORDS as VERDICTS
from ..verification.result import Verification

Record = Mapping[str, Any]
"""The shape `halo-runbook/record/1`."""


@dataclass(frozen=True)
class Summary:
    """The first lines of a record."""

    state: State
    headline: str
    counts: str
    facts: list[tuple[str, str]]


def summary_of(record: Record) -> Summary:
    """Say what a record comes to."""
    result = Verification.from_json(record["verification"])
    steps = [step for step in record["steps"] if RULES[step["id"]].counted]
    left = [step for step in steps if step["state"] not in DONE and step["state"] != "overridden"]
    overridden = [step for step in steps if step["state"] == "overridden"]
    state, headline = _headline(record["tenant"], result, len(left), len(overridden))
    return Summary(
        state,
        f"Practice: {headline}" if record["practice"] else headline,
        _counts(result, steps, len(overridden)),
        _facts(record, result, steps, left, overridden),
    )


def _headline(name: str, result: Verification, left: int, overridden: int) -> tuple[State, str]:
    if result.verdict in {"fail", "error"}:
        cards = cards_of(result.checks)
        word = "Broken" if result.verdict == "fail" else "Could not check"
        return ("broken" if result.verdict == "fail" else "error"), f"{word}: {cards[0].headline}"
    if left:
        return "todo", f"Not finished: {count_of(left, 'step')} left"
    words = f"{name} is connected to Neo Agent"
    if overridden:
        return "overridden", f"{words}, with {count_of(overridden, 'override')}"
    return ("warn" if result.verdict == "warn" else "ok"), words


def _counts(result: Verification, steps: list[dict[str, Any]], overridden: int) -> str:
    fine = sum(check.verdict == "pass" for check in result.checks)
    done = [step for step in steps if step["state"] in DONE]
    by = {kind: sum(step["by"] == kind for step in done) for kind in ("check", "implied", "person")}
    words = {"check": "by a check", "implied": "implied by others", "person": "by a person's word"}
    parts = ", ".join(f"{number} {words[kind]}" for kind, number in by.items() if number)
    past = f"{count_of(overridden, 'step')} overridden" if overridden else "nothing overridden"
    return (
        f"{fine} of {count_of(len(result.checks), 'check')} OK. {len(done)} of "
        f"{count_of(len(steps), 'step')} "
        f"done{f': {parts}' if parts else ''}; {past}."
    )


def _facts(
    record: Record,
    result: Verification,
    steps: list[dict[str, Any]],
    left: list[dict[str, Any]],
    overridden: list[dict[str, Any]],
) -> list[tuple[str, str]]:
    answers, version = record["answers"], result.instance.get("version")
    said = [f"{step['title']}: {step['who']}, {step['at']}" for step in steps if step["state"] == "confirmed"]
    past = [f"{step['title']}: {step['claim']}" for step in overridden]
    facts = [
        ("Instance", f"{answers.get('base_url', '?')}{f', HaloPSA {version}' if version else ''}"),
        ("Acts as", record["agent"] or "not known"),
        ("Agent ID", answers.get("agent_id", "?")),
        ("Application", f"Client ID {answers.get('client_id', '?')}"),
        ("Client Secret", f"not written here; {record['secret']}"),
        ("By word only", "; ".join(said)),
        ("Overridden", "; ".join(past)),
        ("Left", "; ".join(step["title"] for step in left)),
        ("Written", f"{record['written_at']} (UTC)"),
    ]
    return [(name, text) for name, text in facts if text]


def record_for_ticket(record: Record) -> str:
    """Write a record as plain text, whose values can be copied as they are."""
    summary = summary_of(record)
    lines = [summary.headline, summary.counts, "", *(f"{name}: {text}" for name, text in summary.facts), ""]
    for step in record["steps"]:
        words = [WORDS[step["state"]], step.get("who") or "", step["claim"], step["at"] or ""]
        lines.append(f"- {step['title']}: {'; '.join(word for word in words if word)}")
    return "\n".join(lines) + "\n"


def record_text(record: Record) -> str:
    """Write a record for people, as Markdown."""
    summary = summary_of(record)
    lines = [f"# {as_markdown(summary.headline)}", "", as_markdown(summary.counts), ""]
    lines += [f"- {name}: {as_markdown(text)}" for name, text in summary.facts]
    lines += ["", "| step | state | when (UTC) | who | what is claimed |", "|---|---|---|---|---|"]
    for step in record["steps"]:
        state: State = step["state"]
        lines.append(
            f"| {step['title']} | {WORDS[state]} | {step['at'] or ''} | "
            f"{as_markdown(step.get('who') or '')} | {as_markdown(step['claim'])} |"
        )
    lines += ["", "| check | result | seen |", "|---|---|---|"]
    lines += [
        f"| {check['id']} | {VERDICTS[check['verdict']]} | {as_markdown(check['seen'])} |"
        for check in record["verification"]["checks"]
    ]
    return "\n".join(lines) + "\n"
