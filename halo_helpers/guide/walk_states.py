"""The state of every step of a walk: worked out from results, words, overrides and the answers of now.

One function, without a clock or a file: whoever asks, each panel and the command line see the same. The first
rule that holds wins. A word never covers a result, and an override never makes a step OK.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from ..system.plain_text import count_of
from ..tenants.tenant import Tenant
from .rules import CHANGED, ENTERED_AT, NAMES, RECORD_WRITTEN, ROTATION, RULES, SECOND, Rule, ids_of
from .steps import STEPS
from .walk_store import Found, Result, Store, Word

State = Literal[
    "todo",
    "checking",
    "ok",
    "warn",
    "broken",
    "error",
    "needs",
    "confirmed",
    "overridden",
    "outdated",
    "implied",
]
WORDS: dict[State, str] = {
    "todo": "to do",
    "checking": "checking",
    "ok": "OK",
    "warn": "look at",
    "broken": "broken",
    "error": "could not check",
    "needs": "needs",
    "confirmed": "confirmed",
    "overridden": "broken, overridden",
    "outdated": "outdated",
    "implied": "implied",
}
DONE: frozenset[State] = frozenset({"ok", "warn", "confirmed", "implied"})
_WORST = ("fail", "error", "warn", "pass")
SCHEMA = "halo-runbook/walk/1"


@dataclass(frozen=True)
class StepState:
    """What is so of one step: its state, by whom or what, when, and what may be claimed of it."""

    id: str
    state: State
    by: Literal["check", "person", "implied"] | None = None
    at: str | None = None
    claim: str = ""
    codes: tuple[str, ...] = ()
    outdated_by: str | None = None
    who: str | None = None
    leads_to: str | None = None
    """The step at which what is wrong here is mended, or what is missing is entered."""

    @property
    def is_done(self) -> bool:
        """Whether the walk may count it."""
        return self.state in DONE

    def as_json(self) -> dict[str, Any]:
        """Return an entry of `steps` of `halo-runbook/walk/1`."""
        shown = {
            "id": self.id,
            "state": self.state,
            "by": self.by,
            "at": self.at,
            "claim": self.claim,
            "codes": list(self.codes),
            "outdated_by": self.outdated_by,
        }
        return shown | ({"who": self.who} if self.who else {})


def states_of(
    store: Store,
    answers: Mapping[str, str],
    uses: Mapping[str, tuple[str, ...]],
    running: Collection[str] = (),
) -> dict[str, StepState]:
    """Return the state of each step, in order.

    `answers` are those of now by name (the secret as the moment it was entered), `uses` says for each check
    of the registry which of them it reads, `running` are the checks that are being asked.
    """
    view = _View(store, answers, uses, frozenset(running))
    found: dict[str, StepState] = {}
    # a way is done when the later step that it leads to is, and so it comes last
    for step_id in sorted(STEPS, key=lambda one: bool(RULES[one].way_to)):
        rule = RULES[step_id]
        found[step_id] = view.way(step_id, found[rule.way_to]) if rule.way_to else view.step(step_id, found)
    return {step_id: found[step_id] for step_id in STEPS}


def answers_of(stored: Mapping[str, str], tenant: Tenant | None) -> dict[str, str]:
    """Return the answers that results rest on: of the walk, or of the tenants file where it has none.

    The secret is told by the moment it was entered, never by itself.
    """
    if tenant is None:
        found = {name: stored.get(name, "") for name in ("base_url", "client_id", "agent_id")}
    else:
        found = {
            "base_url": tenant.base_url,
            "client_id": tenant.client_id,
            "agent_id": str(tenant.agent_id or ""),
        }
    entered = stored.get("secret_set_at", "")
    in_file = tenant is not None and bool(tenant.client_secret) and not stored
    return found | {"client_secret": entered or ("of the tenants file" if in_file else "")}


@dataclass(frozen=True)
class _View:
    store: Store
    answers: Mapping[str, str]
    uses: Mapping[str, tuple[str, ...]]
    running: frozenset[str]

    def way(self, step_id: str, target: StepState) -> StepState:
        """Return the state of a click path."""
        if not target.is_done:
            return StepState(step_id, "todo")
        return StepState(step_id, "implied", "implied", target.at, f"implied by {_title(target.id)}")

    def step(self, step_id: str, before: Mapping[str, StepState]) -> StepState:
        """Return the state of a step: the first rule that holds."""
        rule = RULES[step_id]
        ids = ids_of(rule.checks, self.uses)
        if self.running & set(ids):
            return StepState(step_id, "checking")
        asked = [*ids, *(one for one, until in rule.also if not self._holds(until))]
        rows = {one: self.store.results[one] for one in asked if one in self.store.results}
        if step_id == ROTATION and not self._is_changing():
            return StepState(step_id, "todo", leads_to=step_id)
        return (
            self._outdated(step_id, rows)
            or self._answered(step_id, rule, ids, rows)
            or self._implied(step_id, rule, before)
            or self._said(step_id, rule)
            or self._missing(step_id, rule, ids, rows)
            or StepState(step_id, "todo", leads_to=step_id)
        )

    def _outdated(self, step_id: str, rows: Mapping[str, Result]) -> StepState | None:
        """Return the state of a step one of whose results rests on an answer that is another one now."""
        changed = {
            name: row.at
            for row in rows.values()
            for name, value in row.used.items()
            if value != self.answers.get(name, "")
        }
        if RECORD_WRITTEN in rows and self._newest() > rows[RECORD_WRITTEN].at:
            changed["notes"] = rows[RECORD_WRITTEN].at
        if not changed:
            return None
        names = listed([CHANGED[name] for name in changed])
        return StepState(
            step_id,
            "outdated",
            at=max(changed.values()),
            claim=f"{names} changed",
            outdated_by=", ".join(changed),
            leads_to=step_id,
        )

    def _answered(
        self, step_id: str, rule: Rule, ids: list[str], rows: Mapping[str, Result]
    ) -> StepState | None:
        """Return the state that answers of checks make: one that fails is never covered."""
        found = [(one, row, *_judged(row, rule)) for one, row in rows.items()]
        verdicts = {verdict for _, _, verdict, _ in found}
        worst = next((verdict for verdict in _WORST if verdict in verdicts), None)
        if worst in {"fail", "error"}:
            return self._broken(step_id, worst, found)
        answered = {one for one, row, verdict, _ in found if verdict != "skip" and self._has_entries(row)}
        if not ids or not answered >= set(ids) or worst is None:
            return None
        unsaid = [name for name, _, by in rule.words if not self._is_said(step_id, name, by)]
        if unsaid:
            return StepState(
                step_id, "todo", claim=self._claim(rule, rows), leads_to=step_id, codes=_codes(found)
            )
        at = max(row.at for row in rows.values())
        state: State = "warn" if worst == "warn" else "ok"
        return StepState(step_id, state, "check", at, self._claim(rule, rows, found), _codes(found))

    def _broken(
        self, step_id: str, worst: str, found: list[tuple[str, Result, str, list[Found]]]
    ) -> StepState:
        of_it = [(row, one) for _, row, _, findings in found for one in findings if one.verdict == worst]
        # the cause before what follows from it
        of_it.sort(key=lambda pair: pair[1].folds_into is not None)
        codes = tuple(sorted({one.code for _, one in of_it}))
        at = max(row.at for row, _ in of_it)
        claim, leads_to = of_it[0][1].headline, of_it[0][1].step or step_id
        given = self.store.overrides.get(step_id)
        if worst == "fail" and given is not None and set(codes) <= set(given.codes):
            why = f"{claim}; {given.who} went on: “{given.reason}”"
            return StepState(
                step_id, "overridden", "person", given.at, why, codes, who=given.who, leads_to=leads_to
            )
        state: State = "broken" if worst == "fail" else "error"
        return StepState(step_id, state, "check", at, claim, codes, leads_to=leads_to)

    def _implied(self, step_id: str, rule: Rule, before: Mapping[str, StepState]) -> StepState | None:
        if not rule.implied_by:
            return None
        sources = [before[one] for one in rule.implied_by]
        missing = [NAMES[line] for line in rule.lines if self._copied(line) is None]
        if missing or not all(source.is_done or source.state == "overridden" for source in sources):
            return None
        at = max(self._copied(line) or "" for line in rule.lines)
        rests_on = "; ".join(f"{_title(source.id)}: {WORDS[source.state]}" for source in sources)
        return StepState(step_id, "implied", "implied", at, f"all four lines were copied; {rests_on}")

    def _copied(self, line: str) -> str | None:
        """Return when a line of the hand-over was copied, None when another value stands in it now."""
        at, _, value = self.store.notes.get(f"copied {line}", "").partition(" ")
        return at if at and value == self.answers.get(line, "") else None

    def _said(self, step_id: str, rule: Rule) -> StepState | None:
        word = self.store.words.get(step_id)
        if word is None or not rule.word:
            return None
        return StepState(step_id, "confirmed", "person", word.at, _words_of(word), who=word.who)

    def _missing(
        self, step_id: str, rule: Rule, ids: list[str], rows: Mapping[str, Result]
    ) -> StepState | None:
        """Return the state of a step that cannot be done here: an answer, or another check, comes first."""
        if rule.word or rule.implied_by or not ids:
            return None
        read = {name for one in ids for name in self.uses.get(one, ())}
        lacking = [name for name in NAMES if name in read and not self.answers.get(name)]
        if lacking and ENTERED_AT[lacking[0]] != step_id:
            names = listed([NAMES[name] for name in lacking])
            return StepState(step_id, "needs", claim=names, leads_to=ENTERED_AT[lacking[0]])
        skipped = [row for row in rows.values() if row.verdict == "skip"]
        if skipped and len(skipped) == len(rows):
            first = next((need for row in skipped for need in row.requires), "")
            return StepState(step_id, "needs", claim=f"{first or 'an earlier check'} to be OK")
        return None

    def _has_entries(self, row: Result) -> bool:
        """Whether every answer that a result rests on was given."""
        return all(self.answers.get(name) for name in row.used)

    def _is_said(self, step_id: str, name: str, by: tuple[str, ...]) -> bool:
        """Whether a person said it, or a check that holds says it as well."""
        if f"{step_id} {name}" in self.store.words:
            return True
        if (step_id, name) == (ROTATION, "old") and self.store.notes.get(f"{ROTATION} way") != SECOND:
            return True  # in the same application, the new secret takes the place of the old one
        return any(map(self._holds, by))

    def _holds(self, check_id: str) -> bool:
        return holds(check_id, self.store, self.answers)

    def _is_changing(self) -> bool:
        """Whether the change of the secret was begun, and another one was entered since."""
        at, _, before = self.store.notes.get(ROTATION, "").partition(" ")
        return bool(at) and before != self.answers.get("client_secret", "")

    def _newest(self) -> str:
        """Return when something was last noted, the record aside."""
        times = [row.at for one, row in self.store.results.items() if one != RECORD_WRITTEN]
        times += [word.at for word in self.store.words.values()]
        return max([*times, *(given.at for given in self.store.overrides.values())], default="")

    def _claim(
        self,
        rule: Rule,
        rows: Mapping[str, Result],
        found: list[tuple[str, Result, str, list[Found]]] | None = None,
    ) -> str:
        """Return what may be claimed: what the checks saw, and what they find worth a look."""
        looked_at = [one.headline for _, _, _, findings in found or [] for one in findings]
        if not rule.quotes:
            return "; ".join([count_of(len(rows), "check") + " answered", *looked_at])
        quoted = [_fact(rule, rows[one]) for one in rule.quotes if one in rows]
        return "; ".join(one for one in (*looked_at, *quoted) if one)


_PARTS = tuple(rule.part for rule in RULES.values() if rule.part)


def _fact(rule: Rule, row: Result) -> str:
    """Return the part of what a check saw that a step may claim: never a fault that another step tells."""
    if not rule.part and not rule.leaves:
        return row.seen
    if not row.notes:
        return "" if row.found else row.seen  # as an earlier version kept it
    if not rule.part:
        return "; ".join(one for one in row.notes if not one.startswith(_PARTS))
    own = [one for one in row.notes if one.startswith(rule.part)]
    return "; ".join(own or [one for one in row.notes if one.startswith("not told")])


def holds(check_id: str, store: Store, answers: Mapping[str, str]) -> bool:
    """Whether a check passed, asked with the answers of now, none of which is missing."""
    row = store.results.get(check_id)
    return (
        row is not None
        and row.verdict == "pass"
        and all(value and answers.get(name) == value for name, value in row.used.items())
    )


def listed(names: Sequence[str]) -> str:
    """Return names as they stand in a sentence: a, b and c."""
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last


def _judged(row: Result, rule: Rule) -> tuple[str, list[Found]]:
    """Return a result's verdict as far as this step is concerned, and the findings that count here."""
    if row.verdict == "skip":
        return "skip", []
    counts = [
        one
        for one in row.found
        if one.verdict == "error"
        or ((not rule.only or one.code in rule.only) and one.code not in rule.leaves)
    ]
    found = {one.verdict for one in counts}
    return next((verdict for verdict in _WORST if verdict in found), "pass"), counts


def _codes(found: list[tuple[str, Result, str, list[Found]]]) -> tuple[str, ...]:
    return tuple(sorted({one.code for _, _, _, findings in found for one in findings}))


def _words_of(word: Word) -> str:
    return f"{word.said + ', ' if word.said else ''}says {word.who}"


def _title(step_id: str) -> str:
    return f"“{STEPS[step_id].title}”"


def next_of(states: Mapping[str, StepState]) -> str | None:
    """Return the step that a person does next, None when there is none.

    What is broken comes first, at the step where it is mended; ways and the change of the secret never.
    """
    candidates = [one for one in states.values() if _is_offered(one.id)]
    for wanted in ("broken", "error"):
        for one in candidates:
            if one.state == wanted:
                return one.leads_to if one.leads_to and _is_offered(one.leads_to) else one.id
    for one in candidates:
        if one.state == "outdated" and not RULES[one.id].by_itself:
            return one.id
    for wanted in ("todo", "needs", "outdated"):
        for one in candidates:
            if one.state == wanted:
                return one.leads_to if one.leads_to and _is_offered(one.leads_to) else one.id
    return None


def _is_offered(step_id: str) -> bool:
    return not RULES[step_id].way_to and RULES[step_id].counted


def is_finished(states: Mapping[str, StepState]) -> bool:
    """Whether every counted step is done, or was overridden."""
    return all(one.is_done or one.state == "overridden" for one in states.values() if RULES[one.id].counted)


def walk_json(tenant: str, states: Mapping[str, StepState], *, practice: bool) -> dict[str, Any]:
    """Return the shape `halo-runbook/walk/1`."""
    return {
        "schema": SCHEMA,
        "tenant": tenant,
        "practice": practice,
        "next": next_of(states),
        "done": is_finished(states),
        "overridden": sum(one.state == "overridden" for one in states.values()),
        "steps": [one.as_json() for one in states.values()],
    }
