"""The lab's memory answers who has its key, whoever else hangs on; codes let a secret out of a web page."""

from __future__ import annotations

import pickle
import re
from collections.abc import Iterator
from contextlib import ExitStack
from multiprocessing import AuthenticationError
from multiprocessing.connection import Client, Connection
from socket import AF_UNIX, socket

import pytest

from halo_helpers.errors import LabSilentError, SecretError
from halo_helpers.secrets import lab_memory
from halo_helpers.secrets.copy_codes import GONE, RIGHT, SHOWN, TRIES, VALID_S, WRONG, CopyCodes
from halo_helpers.secrets.lab_memory import FREE, KEY, MAX_OPEN, PLACE, ask, share_memory
from halo_helpers.secrets.places import FILE, KEYRING, keep_in, places_of, private_file, remove
from halo_helpers.secrets.references import resolve
from halo_helpers.secrets.value import Secret

VALUE = "0f1e2d3c-1111-4222-8333-444455556666-9a8b7c6d-aaaa-4bbb-8ccc-ddddeeeeffff"


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Run a lab's memory, with this process below it."""
    with share_memory() as environment:
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        yield environment[PLACE]


@pytest.fixture
def silent(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Let the lab be one that takes connections and says nothing."""
    monkeypatch.setattr(lab_memory, "ANSWER_S", 0.2)
    with socket(AF_UNIX) as mute:
        mute.bind(str(tmp_path_factory.mktemp("s") / "s"))
        mute.listen(64)
        monkeypatch.setenv(PLACE, mute.getsockname())
        monkeypatch.setenv(KEY, "00" * 32)
        yield


@pytest.mark.parametrize("number", [50, 2 * MAX_OPEN])
def test_who_says_nothing_keeps_nobody_from_his_secret(place: str, number: int) -> None:
    with ExitStack() as stack:
        for _ in range(number):
            stack.enter_context(socket(AF_UNIX)).connect(place)
        assert ask("keep", "acme", VALUE) == VALUE
        assert ask("give", "acme") == VALUE
        for _ in range(number):
            stack.enter_context(socket(AF_UNIX)).connect(place)
        assert ask("give", "acme") == VALUE


def test_who_says_half_a_word_is_cut_off_in_time(monkeypatch: pytest.MonkeyPatch, place: str) -> None:
    monkeypatch.setattr(lab_memory, "ANSWER_S", 0.2)
    with socket(AF_UNIX) as one:
        one.settimeout(10)
        one.connect(place)
        one.sendall(b"\0\0")
        while one.recv(4096):
            pass


def test_a_wrong_key_gets_nothing(place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert ask("keep", "acme", VALUE) == VALUE
    with pytest.raises(AuthenticationError):
        Client(place, authkey=b"\0" * 32)
    with socket(AF_UNIX) as one:  # says what it wants instead of showing the key
        one.settimeout(10)
        one.connect(place)
        asking = Connection(one.detach())
        with asking, pytest.raises((EOFError, OSError)):
            asking.send_bytes(pickle.dumps(("give", "acme", "")))
            while VALUE.encode() not in asking.recv_bytes():
                pass
    monkeypatch.setenv(KEY, "00" * 32)
    with pytest.raises(LabSilentError):
        ask("give", "acme")
    with pytest.raises(LabSilentError):
        ask("keep", "acme", "another")


def test_no_answer_is_not_the_answer_that_there_is_none(place: str, silent: None) -> None:
    with pytest.raises(SecretError, match="does not answer, so it may still hold the secret of acme"):
        resolve("lab:", "acme")
    with pytest.raises(LabSilentError):
        places_of("acme")


def test_an_empty_lab_and_one_that_has_ended_have_none(monkeypatch: pytest.MonkeyPatch) -> None:
    with share_memory() as environment:
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        assert ask("give", "acme") is None
    assert ask("give", "acme") is None


def test_a_silent_lab_does_not_keep_other_places_from_being_emptied(own_home: object, silent: None) -> None:
    with pytest.raises(LabSilentError):
        keep_in(FILE, "acme", Secret(VALUE))
    assert resolve(f"file:{private_file('acme')}", "acme").reveal() == VALUE
    with pytest.raises(LabSilentError):
        remove("acme", but=KEYRING)
    assert not private_file("acme").exists()


class Terminal:
    """Where codes are shown, with a clock."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.now = 0.0
        self.codes = CopyCodes(self.lines.append, lambda: self.now)

    @property
    def code(self) -> str:
        found = re.search(r"type (\d{6}) in the page", self.lines[-1])
        assert found
        return found.group(1)

    def wrong(self) -> str:
        return f"{(int(self.code) + 1) % 10**6:06}"


def test_a_code_is_right_once() -> None:
    at = Terminal()
    assert at.codes.confirm("acme", "") == GONE
    assert at.codes.show("acme") == SHOWN
    assert at.lines[-1].startswith("To copy the Client Secret of acme, type ")
    assert at.codes.confirm("birch", at.code) == GONE
    assert at.codes.confirm("acme", at.code) == RIGHT
    assert at.codes.confirm("acme", at.code) == GONE


def test_a_code_is_valid_for_two_minutes() -> None:
    at = Terminal()
    at.codes.show("acme")
    first, at.now = at.code, VALID_S
    assert at.codes.confirm("acme", first) == GONE
    at.codes.show("acme")
    assert at.codes.confirm("acme", at.code) == RIGHT


def test_a_code_has_five_tries_and_asking_again_gives_no_more() -> None:
    at = Terminal()
    at.codes.show("acme")
    first = at.code
    for _ in range(TRIES - 1):
        assert at.codes.confirm("acme", at.wrong()) == WRONG
        assert (at.codes.show("acme"), at.code) == (SHOWN, first)
    assert at.codes.confirm("acme", at.wrong()) == GONE
    assert at.codes.confirm("acme", first) == GONE
    shown = len(at.lines)
    assert at.codes.show("acme") == GONE
    assert len(at.lines) == shown
    at.now = VALID_S
    assert at.codes.show("acme") == SHOWN


def test_a_lab_without_a_terminal_for_codes_asks_for_none(place: str) -> None:
    assert (ask("code", "acme"), ask("confirm", "acme", "1")) == (FREE, FREE)
