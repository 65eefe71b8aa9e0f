"""The entry of the four values, and where the secret stays.

The secret comes as one message and goes to a private attribute; no trait, output or file of the notebook
holds it.
Source: measurements of stock fields, which save what is typed in clear text when widget state is saved.
"""

from __future__ import annotations

import contextlib
import threading
from html import escape
from typing import Any

import traitlets

from ..errors import ConfigError, LabSilentError, SecretError
from ..guide.walk_states import listed
from ..secrets import lab_memory
from ..secrets.places import FILE, KERNEL, KEYRING, LAB, keyring_works, put_in, remove
from ..secrets.redaction import forget
from ..secrets.value import CLIENT_SECRET, GUID, Secret
from ..system.plain_text import count_of
from ..system.timestamps import clock_text, utc_text
from ..tenants.answers import read_answers
from .answers import refuse_secret
from .base.style import OF_VERDICT, box, sentence, state_html
from .base.view import Message, Panel, View, script
from .cards.finding import findings_html
from .state import WalkState

_SAID = {"pass": "Accepted by HaloPSA", "warn": "Accepted by HaloPSA", "fail": "Refused by HaloPSA"}
WAITS_S = 120.0
"""How long a secret waits for the answer to a question."""
PLACES = {
    KERNEL: "only this notebook's kernel",
    LAB: "in memory until the lab stops",
    FILE: "a private file in my data folder",
    KEYRING: "this system's keyring",
}


class CredentialsView(View):
    """The widget of the four values. The secret is no trait of it."""

    _esm = script("credentials")
    about = traitlets.Unicode("").tag(sync=True)
    answers = traitlets.Dict().tag(sync=True)
    places: Any = traitlets.List().tag(sync=True)
    place = traitlets.Unicode(KERNEL).tag(sync=True)
    question: Any = traitlets.Dict().tag(sync=True)
    """What a person is asked about a secret that waits: `text`, `yes`, `no`; empty when nothing does."""


class CredentialsPanel(Panel):
    """Enters base URL, Client ID, Client Secret and Agent ID.

    The last well-formed secret stays until another one is confirmed. Messages: `hello`, `secret`, `replace`,
    `keep`, `place`, `save`.
    """

    view: CredentialsView

    def __init__(self, walk: WalkState) -> None:
        text = walk.about_credentials()
        super().__init__(f"<p>{text}</p>", text)
        self.walk = walk
        self._waiting: tuple[Secret, str] | None = None
        """A secret that a person is asked about, and where it is to stay."""
        self._until = threading.Timer(0, lambda: None)
        places = [(name, shown) for name, shown in PLACES.items() if _usable(name)]
        self.view = CredentialsView(
            self._receive,
            about=text,
            answers=walk.shown_answers(),
            places=places,
            place=LAB if lab_memory.is_available() else KERNEL,
        )

    def _receive(self, message: Message) -> None:
        self.walk.begin()
        match message.get("do"):
            case "secret":
                self._judge(Secret(str(message.pop("value", "")).strip()), str(message.get("place")))
            case "replace":
                self._replace()
            case "keep":
                self._drop()
            case "place":
                self._move(str(message.get("place")))
            case "save":
                self._save(message)
        self.tell()

    def refresh(self) -> None:
        """Show the answers as they are now."""
        self.view.answers = self.walk.shown_answers()
        self.tell()

    def tell(self) -> None:
        """Say below the field what is kept, and what HaloPSA said of it."""
        text, kept = self.walk.secret_status()
        self.view.send({"kind": "status", "html": self._receipt(text, kept=kept), "kept": kept})

    def _receipt(self, text: str, *, kept: bool) -> str:
        if not kept:
            return escape(text)
        given = self.walk.store().results.get("token.grant")
        with contextlib.suppress(LabSilentError):
            secret = self.walk.find_secret()
            problem = form_problem(secret or Secret(""), self.walk.shown_answers().get("client_id", ""))
            text += f", {problem or '73 characters, two GUIDs'}"
        said = state_html("todo", "Not asked yet")
        if given is not None and given.used.items() <= self.walk.answers_now().items():
            said = state_html(OF_VERDICT[given.verdict], _SAID.get(given.verdict, "Could not check"))
        elif "token.grant" in self.walk.running:
            said = state_html("checking", "Checking")
        return f"{said} {escape(text)}"

    def _judge(self, secret: Secret, place: str) -> None:
        """Take a secret whose form is right where none is kept; else ask, and keep the one that there is."""
        if not secret:
            return
        self._drop()
        since = read_answers(self.walk.name).get("secret_set_at", "")
        try:
            before = self.walk.secret_now()
        except LabSilentError:
            before = None
        if before is not None and before.reveal() == secret.reveal():
            self._put(secret, place, since or utc_text(timespec="milliseconds"))
            when = f" of {clock_text(since)}" if since else ""
            self.view.results = sentence(f"this is the secret{when}; nothing was changed", "ok")
            return
        problem = form_problem(secret, str(self.walk.shown_answers().get("client_id", "")))
        if not problem and before is None and not self.walk.has_secret():
            self._put(secret, place, utc_text(timespec="milliseconds"))
            self.view.results = ""
            return
        self._ask(secret, place, problem, since)

    def _ask(self, secret: Secret, place: str, problem: str, since: str) -> None:
        """Ask whether to take a secret; it waits here meanwhile, two minutes at most."""
        self._waiting = secret, place
        self._until = threading.Timer(WAITS_S, self._drop)
        self._until.daemon = True
        self._until.start()
        kept = f"the secret of {clock_text(since)}" if since else "the one that is kept"
        has_one = self.walk.has_secret()
        if problem:
            stays = f" {kept[0].upper()}{kept[1:]} stays." if has_one else ""
            text = f"Not taken: {problem}.{stays}"
            self.view.question = {"text": text, "yes": "Take it all the same …", "no": "Try again"}
        else:
            text = f"Replace {kept}? The new one has the right form."
            self.view.question = {"text": text, "yes": "Replace and check", "no": "Keep the old one"}

    def _replace(self) -> None:
        if self._waiting is None:
            raise ConfigError("nothing waits any more: paste the secret again")
        secret, place = self._waiting
        self._waiting = None
        self._drop()
        self._put(secret, place, utc_text(timespec="milliseconds"))
        self.view.results = ""

    def _drop(self) -> None:
        """Forget what waits, and take the question away."""
        self._until.cancel()
        if self._waiting is not None and GUID.fullmatch(self._waiting[0].reveal()):
            forget(self._waiting[0].reveal())  # a Client ID in the wrong field, which records may name
        self._waiting, self.view.question = None, {}

    def _move(self, place: str) -> None:
        """Let a secret that was entered stay where the person chose; it is taken away from where it was."""
        since = read_answers(self.walk.name).get("secret_set_at", "")
        secret = self.walk.secret_now()
        if since and secret is not None:
            self._put(secret, place, since)

    def _put(self, secret: Secret, place: str, at: str) -> None:
        """Keep a secret in a place; when that refuses, in this kernel, so that nothing is lost.

        Raises: ConfigError that says so; what `remove` raises when an older copy may be left elsewhere.
        """
        try:
            reference = _keep(place, self.walk.name, secret)
        except (ConfigError, SecretError) as error:
            known = read_answers(self.walk.name).get("client_secret", "")
            self.walk.keep_secret(secret, here=True, reference=known, at=at)
            raise ConfigError(f"{error.seen}; this kernel keeps it") from None
        self.walk.keep_secret(secret, here=place == KERNEL, reference=reference, at=at)
        # only now: what fails until here must not cost the copy that there is
        remove(self.walk.name, but=place)

    def _save(self, values: Message) -> None:
        given = {
            name: str(values[name]).strip()
            for name in ("base_url", "client_id", "agent_id")
            if name in values
        }
        refuse_secret(*given.values())
        self.walk.change_answers(**given)
        self.view.answers = self.walk.shown_answers()
        left = self.walk.missing()
        if left:
            what = state_html("todo", f"Entered; still missing: {listed(left)}")
            self.view.results = box(f"<p role='status'>{what}</p>")
            self.walk.refresh()
            return
        result = self.walk.ask(("address.url", "token.form"))
        fine = f"<p>{state_html('ok', 'All values have the right form')}</p>"
        self.view.results = box(findings_html(self.walk, result.checks) or fine)
        self.walk.refresh()


def form_problem(secret: Secret, client_id: str) -> str:
    """Say what is odd about a secret's form, without showing it; empty when nothing is."""
    value = secret.reveal()
    if CLIENT_SECRET.fullmatch(value):
        return ""
    if value == client_id.strip() or GUID.fullmatch(value):
        return "this is a Client ID, not the Client Secret: the secret is two GUIDs joined by a hyphen"
    if any(letter.isspace() for letter in value):
        return "there are blanks inside: paste it again from HaloPSA's copy button"
    length = count_of(len(value), "character")
    return f"it has {length}, a Client Secret has 73: two GUIDs joined by a hyphen"


def _keep(place: str, name: str, secret: Secret) -> str:
    """Keep a secret in a place and return the reference.

    Raises: ConfigError when the place is none, or refuses.
    """
    if place not in PLACES or not _usable(place):
        raise ConfigError(f"the secret cannot stay there: {place}")
    return put_in(place, name, secret)


def _usable(place: str) -> bool:
    if place == LAB:
        return lab_memory.is_available()
    return place != KEYRING or keyring_works()
