"""The start of a walk: the map of the steps, a new customer, a colleague's record."""

from __future__ import annotations

import json
from html import escape
from pathlib import Path
from typing import Any

from ..errors import ConfigError, Mistake
from ..guide.lab.working_copy import open_walk
from ..guide.rules import RULES
from ..guide.steps import NOTEBOOKS, STEPS
from ..guide.walk_states import WORDS, next_of
from ..guide.walk_store import give_word
from ..secrets.places import remove
from ..system.plain_text import plain_text
from ..tenants.answers import ANSWERS, known_walks, read_answers, write_answers
from ..tenants.base_url import parse_address
from ..tenants.practice import walk_tenant
from ..tenants.tenant import NAME, PRACTICE, RESERVED, WINDOWS_DEVICES
from .base.style import box, button, state_html, state_words
from .base.view import Background, CardView, Message, Panel
from .state import RECORD_SCHEMA, WalkState


class StartPanel(Panel):
    """The map of the walk, other customers, and for a learner the walk anew.

    Messages: `open`, `ask-anew`, `anew`, `keep`.
    """

    view: CardView

    def __init__(self, walk: WalkState) -> None:
        self.walk = walk
        self.work = Background()
        self._asks_anew = False
        self._said = ""
        super().__init__(box(map_html(walk)), "the notebooks in order, and a form to open a customer")
        self.view = CardView(self._receive)
        self.refresh()

    def refresh(self) -> None:
        """Show the map as it is now."""
        anew = _anew(asks=self._asks_anew) if self.walk.is_practice else ""
        self.view.html = map_html(self.walk) + anew + _others(self._said)

    def _receive(self, message: Message) -> None:
        self._asks_anew = message.get("do") == "ask-anew"
        self.view.results, self._said = "", ""
        match message.get("do"):
            case "open":
                self._said = _open(self.walk, message)
            case "anew" if self.walk.is_practice:
                self.walk.begin()
                self.work.start(lambda _: self.view.guarded(self._begin_anew))
        self.refresh()

    def _begin_anew(self) -> None:
        try:
            remove(self.walk.name)
            walk_tenant(anew=True)
            self.walk.load()
        finally:
            self.work.done()
            self.walk.refresh()
        self.walk.ask_by_itself()


def _anew(*, asks: bool) -> str:
    if not asks:
        return f"<p>{button('Begin the practice walk anew …', 'ask-anew', 'quiet')}</p>"
    return (
        "<div class='h-well' data-form role='group' aria-label='Begin the practice walk anew?'><p><b>"
        "Begin anew?</b> "
        "The agent and the application that you made on the practice screens are taken away, and so is "
        "what you entered and confirmed.</p><div class='h-row'>"
        f"{button('Keep this walk', 'keep', safe='')}{button('Begin anew', 'anew', 'main')}</div></div>"
    )


def _others(said: str) -> str:
    """Return the form that opens another customer, and what came of it."""
    fields = "".join(
        f"<label for='halo-{name}'>{label}</label><input class='h-input' id='halo-{name}' name='{name}' "
        f"data-key='{name}' placeholder='{hint}' autocomplete='off' spellcheck='false'>"
        for name, label, hint in (
            ("name", "Short name", "acme"),
            ("url", "Base URL", "https://acme.halopsa.com"),
            ("record", "Or a colleague’s record", "the file record.json, to go on where it ends"),
        )
    )
    told = f"<p role='status'>{said}</p>" if said else ""
    return (
        "<details class='h-fold' data-key='others'><summary>Open another customer …</summary><div "
        "class='h-well' "
        "data-form><p>Each customer gets a working copy of these notebooks, so that customers do not mix "
        "and a "
        f"walk can be picked up later.</p>{fields}<div class='h-row'>"
        f"{button('Open this customer', 'open', 'main')}</div>{told}</div></details>"
    )


_NOBODY_YET = "No customer yet: practise, or open one by a short name and its base URL."


def map_html(walk: WalkState) -> str:
    """Show every notebook in a line, open where the walk stands, and the other customers."""
    states = walk.states()
    now = next_of(walk.known_states())
    rows = []
    for name in NOTEBOOKS:
        mine = [one for one in states.values() if STEPS[one.id].notebook == name and RULES[one.id].counted]
        steps = "".join(
            f"<li><a href='{name}.ipynb' data-open='{STEPS[one.id].where}'>{escape(STEPS[one.id].title)}</a>"
            f"{state_html(one.state, state_words(one))}</li>"
            for one in mine
        )
        done = sum(one.is_done for one in mine)
        is_open = " open" if now in {one.id for one in mine} else ""
        rows.append(
            f"<details class='h-line' data-key='{name}'{is_open}><summary>"
            f"<b>{name}</b><span></span><small>{done} of {len(mine)} done</small></summary><div>"
            f"<ul class='h-list'>{steps}</ul></div></details>"
        )
    known = ", ".join(
        f"<a href='../{escape(n)}/00-start.ipynb'>{escape(n)}</a>" for n in known_walks() if n != PRACTICE
    )
    customers = f"Customers so far: {known}" if known else _NOBODY_YET
    return f"<h2>How far {escape(walk.name)} is</h2>{''.join(rows)}<p>{customers}</p>"


def _open(walk: WalkState, message: Message) -> str:
    """Open a customer's walk, with a base URL or a colleague's record.

    Raises: ConfigError for a name or a record that cannot be used.
    """
    name = str(message.get("name", "")).strip().lower()
    if not NAME.fullmatch(name) or name in RESERVED | WINDOWS_DEVICES:
        raise ConfigError("the short name takes a-z, 0-9 and -, and is none of the reserved words")
    url, record = str(message.get("url", "")).strip(), str(message.get("record", "")).strip()
    if record:
        load_record(name, Path(record).expanduser())
    elif url:
        write_answers(name, base_url=parse_address(url).url)
    elif not read_answers(name):
        raise ConfigError("a new customer needs a base URL")
    open_walk(name, walk.file)
    return (
        f"Go on in <a href='../{escape(name)}/00-start.ipynb' "
        f"target='_blank'>{escape(name)}/00-start.ipynb</a>: it is this customer's own copy."
    )


def load_record(name: str, file: Path) -> None:
    """Take over answers and steps of a colleague's record.

    The secret is not in it and has to be entered again.

    Raises: ConfigError when it cannot be read, or is no record of a customer.
    """
    try:
        value = json.loads(file.read_text(encoding="utf-8"))
        if value["schema"] != RECORD_SCHEMA:
            raise ValueError(f"schema is {value['schema']!r}")  # noqa: TRY301 - one message for all
        answers = {
            key: str(text)
            for key, text in value["answers"].items()
            if key in ANSWERS and key != "client_secret"
        }
        words = {step["id"]: _word(step) for step in value["steps"] if step["id"] in STEPS}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ConfigError(Mistake(f"is no record of a walk: {error}", str(file))) from None
    if value.get("practice"):
        raise ConfigError("this is the record of a practice tenant; a customer's walk does not go on from it")
    write_answers(name, **answers)
    for step_id, who in words.items():
        if who and RULES[step_id].word:
            give_word(name, step_id, who=who)


def _word(given: dict[str, Any]) -> str:
    """Return whose word a record has for a step, empty without one: checks are asked again.

    Raises: KeyError, ValueError when it says too little, or something else.
    """
    if given["state"] not in {*WORDS, "failed", "stale", "running"}:
        raise ValueError(f"no step is {given['state']!r}")
    if given.get("by_hand"):  # a record of the version before
        return plain_text(given["by"])
    return plain_text(given["who"]) if given["state"] == "confirmed" else ""
