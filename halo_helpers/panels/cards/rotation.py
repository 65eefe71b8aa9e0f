"""The change of the secret: a plan for each way, begun on purpose, each step of it checked where that can be.

The secret of before stays in this kernel until the change ends, so that HaloPSA can be asked whether it is
refused: in memory only, like every secret.
"""

from __future__ import annotations

from dataclasses import replace

from ...errors import ConfigError, HaloError
from ...guide.rules import OLD_REFUSED, ROTATION, SECOND
from ...guide.step import Step
from ...guide.walk_states import StepState, holds
from ...guide.walk_store import Result, drop_results, give_word, note, note_results, take_back
from ...secrets.value import Secret
from ...system.timestamps import clock_text, utc_text
from ...verification.run_checks import verify
from ..base.style import box, button, of_error, sentence, state_html
from ..base.view import Message
from ..state import WalkState
from .step import StepPanel

_before: dict[str, tuple[str, Secret]] = {}
"""By tenant: Client ID and secret of when a change was begun in this kernel."""
_CHECK_OLD = "Check that the old one is refused"


class RotationPanel(StepPanel):
    """Adds to a step's messages: `begin` with a `way`, `check-old`, `give-up`."""

    def __init__(self, walk: WalkState, step: Step) -> None:
        super().__init__(walk, step)
        self.html += box(_plans(live=False))
        self.plain += "".join(f"\n{title}: {' '.join(lines)}" for title, lines, _, _ in _WAYS)

    def _foot(self, state: StepState) -> str:
        if self.work.running:
            return super()._foot(state)
        if not self.walk.store().notes.get(ROTATION):
            return _plans(live=True)
        return self._begun() + self._end(state)

    def _begun(self) -> str:
        """Return the plan of the way that was chosen, with what is known of each line."""
        notes = self.walk.store().notes
        at, _, before = notes[ROTATION].partition(" ")
        is_other = before != self.walk.answers_now()["client_secret"]
        is_second = notes.get(f"{ROTATION} way") == SECOND
        entered = self._entered(is_other=is_other, is_second=is_second)
        neo = self._said("neo", "I have tested and saved it there")
        old = self._old(is_other=is_other, is_second=is_second)
        texts = _SECOND if is_second else _ONE
        rows = "".join(
            f"<li><span>{text}</span>{mark}</li>"
            for text, mark in zip(texts, (entered, neo, old), strict=True)
        )
        return f"<p class='h-soft'>Begun at {clock_text(at)}.</p><ol class='h-plan'>{rows}</ol>"

    def _entered(self, *, is_other: bool, is_second: bool) -> str:
        """Say whether another secret was entered, of another application where that is meant."""
        store, answers = self.walk.store(), self.walk.answers_now()
        if not is_other:
            return state_html("todo", "To do: still the secret of before")
        if is_second and answers["client_id"] == store.notes.get(f"{ROTATION} first"):
            return state_html("todo", "To do: still the Client ID of before")
        wanted = ("token.grant", "identity.agent", "token.scopes") if is_second else ("token.grant",)
        if all(holds(check, store, answers) for check in wanted):
            return state_html("ok", "OK: HaloPSA accepts the new one")
        failed = any(check in store.results and store.results[check].verdict == "fail" for check in wanted)
        return state_html("broken" if failed else "todo", "Broken: see above" if failed else "Not asked yet")

    def _said(self, name: str, words: str) -> str:
        given = self.walk.store().words.get(f"{ROTATION} {name}")
        if given is not None:
            return state_html("confirmed", f"Confirmed by {given.who}")
        return button(words, "word", "small", name=name)

    def _old(self, *, is_other: bool, is_second: bool) -> str:
        found = self.walk.store().results.get(OLD_REFUSED)
        if found is not None:
            return state_html("ok", f"OK: it was refused at {clock_text(found.at)}")
        if not is_other:
            return state_html("todo", "Once another one is entered")
        if self.walk.name in _before:
            return button(_CHECK_OLD, "check-old", "small")
        return (
            self._said("old", "I have seen to it") if is_second else "<small>cannot be asked any more</small>"
        )

    def _end(self, state: StepState) -> str:
        return button("Close" if state.is_done else "Give up", "give-up", "quiet")

    def _receive(self, message: Message) -> None:
        match message.get("do"):
            case "begin":
                self.walk.begin()
                self._begin(second=message.get("way") == SECOND)
            case "give-up":
                self._forget()
            case "check-old":
                self._found = ""
                self.work.start(lambda _: self.view.guarded(self._ask_old))
            case "word" if message.get("name") == "old":
                give_word(self.walk.name, f"{ROTATION} old")
            case _:
                super()._receive(message)
                return
        self.walk.refresh()

    def _begin(self, *, second: bool) -> None:
        self._forget()
        answers, secret = self.walk.answers_now(), self.walk.secret_now()
        notes = {
            ROTATION: f"{utc_text()} {answers['client_secret']}",
            f"{ROTATION} first": answers["client_id"],
        }
        note(self.walk.name, **notes | {f"{ROTATION} way": SECOND if second else ""})
        if secret is not None and answers["client_id"]:
            _before[self.walk.name] = answers["client_id"], secret

    def _forget(self) -> None:
        """End the change without a trace: notes, words, and the secret of before."""
        _before.pop(self.walk.name, None)
        for name in ("neo", "old"):
            take_back(self.walk.name, f"{ROTATION} {name}")
        note(self.walk.name, **dict.fromkeys((ROTATION, f"{ROTATION} way", f"{ROTATION} first"), ""))
        drop_results(self.walk.name, OLD_REFUSED)

    def _ask_old(self) -> None:
        """Ask for a token with the secret of before; that it is refused is noted.

        Raises: ConfigError when it is not held here.
        """
        try:
            client_id, secret = _before.get(self.walk.name, ("", None))
            if secret is None:
                raise ConfigError("this kernel does not hold the secret of before")
            tenant = replace(self.walk.tenant, client_id=client_id, client_secret=secret)
            result = verify(tenant, only=["token.grant"])
            if result.codes == ["invalid-client"]:
                said = Result("pass", "the secret of before is refused", utc_text(), {})
                note_results(self.walk.name, {OLD_REFUSED: said})
            elif result.verdict == "pass":
                self._found = sentence(
                    "the old one is still accepted: nothing was saved, or the first application is still "
                    "active"
                )
            else:
                self._found = sentence(f"it cannot be told: {result.summary()}", "error")
        except HaloError as error:
            self._found = of_error(error)
        finally:
            self.work.done()
            self.walk.refresh()


_ONE = (
    "Generate a new Client Secret on the application, copy it, press Save, and enter it above. "
    "From Save on, Neo Agent is cut off until the next line is done.",
    "Enter it in Neo Agent, test and save there.",
    "The old one is refused.",
)
_SECOND = (
    "Make a second application as in 20-application, with the same agent and the same three scopes; enter "
    "its Client ID and Client Secret above. Neo Agent goes on working with the first one.",
    "Enter the new values in Neo Agent (lines to copy are in 50-connect-neo), test and save there.",
    "Untick Active on the first application, save: its secret is refused then.",
)


_WAYS = (
    ("With a short gap, in the same application", _ONE, "Begin, with a gap", "one"),
    ("Without a gap, by a second application", _SECOND, "Begin, without a gap", SECOND),
)


def _plans(*, live: bool) -> str:
    """Show the plan of each way, before one is begun."""
    wells = "".join(
        f"<div class='h-well'><p><b>{title}</b></p><ol class='h-plan'>"
        f"{''.join(f'<li><span>{line}</span></li>' for line in lines)}</ol>"
        + (f"<div class='h-row'>{button(words, 'begin', way=way)}</div></div>" if live else "</div>")
        for title, lines, words, way in _WAYS
    )
    words = "<small>Beginning changes nothing in HaloPSA: it notes which secret is there now.</small>"
    return wells + (words if live else "")
