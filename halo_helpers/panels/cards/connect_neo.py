"""The step in Neo Agent itself: what its test said, by the person's word, and what to do when it failed."""

from __future__ import annotations

from html import escape

from ...checks import CHECKS
from ...guide.walk_states import StepState
from ..base.style import button, state_html
from ..base.view import Message
from ..kept_results import checks_of
from .finding import findings_html
from .step import StepPanel

FOUR_TESTS: dict[str, tuple[str, tuple[str, ...], str]] = {
    "log-in": (
        "It cannot log in",
        ("token.form", "token.grant"),
        "Copy Client ID and Client Secret into Neo Agent anew: nothing else takes part in this test.",
    ),
    "api": (
        "It cannot reach the API",
        ("address.reach", "address.instance", "identity.login"),
        "Compare the HaloPSA Base URL in Neo Agent letter by letter: no slash at the end, nothing behind "
        "the host.",
    ),
    "tickets": (
        "It cannot read tickets",
        ("access.tickets", "token.scopes"),
        "Perhaps another application's values were entered in Neo Agent: compare the Client ID.",
    ),
    "agent": (
        "It cannot act as the agent",
        ("identity.agent", "identity.active"),
        "Compare the Agent ID in Neo Agent with the one here: a number of the column ID, not the name of "
        "a person.",
    ),
}
"""Neo Agent's four tests (facts 1.5): what it says, the checks that ask the same, what to do if they pass."""


class ConnectNeoPanel(StepPanel):
    """Adds to a step's messages: `failed`, and `which` with the name of one of the four tests."""

    _asks_which = False

    def _buttons(self, state: StepState) -> str:
        if state.state != "todo":
            return super()._buttons(state)
        if self._asks_which:
            choices = "".join(button(words, "which", test=name) for name, (words, _, _) in FOUR_TESTS.items())
            back = button("Back", "keep", "quiet", safe="")
            return (
                "<div class='h-well' data-form role='group' aria-label='Which of the four failed?'>"
                "<p><b>Which of its four tests failed first?</b></p><div class='h-row'>"
                f"{choices}{back}</div></div>"
            )
        return (
            "<div class='h-well'><p><b>What did Neo Agent’s own test say?</b></p><div class='h-row'>"
            f"{button('It connected, and I saved', 'word', 'main')}{button('It failed …', 'failed')}</div>"
            "<small>Kept as your word: nothing here can see inside Neo Agent.</small></div>"
        )

    def _receive(self, message: Message) -> None:
        self._asks_which = message.get("do") == "failed"
        which = str(message.get("test"))
        if message.get("do") == "which" and which in FOUR_TESTS:
            self._found = self._what_is_known(which)
        elif message.get("do") in {"word", "keep", "failed"}:
            self._found = ""
        super()._receive(message)

    def _what_is_known(self, which: str) -> str:
        """Say what the checks here found on the same question, and what to compare when these are OK."""
        words, ids, otherwise = FOUR_TESTS[which]
        known = checks_of(self.walk.store(), [one for one in CHECKS if one in ids])
        wrong = findings_html(self.walk, known)
        if wrong:
            return f"<p>{escape(words)}: so do the checks here, and they know why.</p>{wrong}"
        if not known:
            return f"<p>{escape(words)}. Nothing was asked here yet: do 40-connection first.</p>"
        seen = "; ".join(dict.fromkeys(one.seen for one in known))
        return (
            f"<p>{escape(words)}. Here it works: {escape(seen)}.</p><p>{state_html('todo', 'To do')}: "
            f"{escape(otherwise)}</p>"
        )
