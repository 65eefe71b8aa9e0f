"""Words on screens: text from outside made plain (one line, printable, short), and numbers with nouns."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

NAME_LENGTH = 200
"""Characters that a name from outside may have; the rest is cut."""
_ESCAPES = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"  # control sequences: colours, cursor
    r"|(?:\x1b\]|\x9d)[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)?"  # commands to the terminal: title, clipboard
    r"|\x1b[ -/]*[0-~]?"
)
_UNSEEN = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)
"""Letters and marks that count as printable and show nothing: joiners, fillers, variation selectors."""
_HIDDEN = frozenset({"Cf", "Cs", "Co", "Cn"})
"""Categories that are left out: marks of direction and joining, lone surrogates, what has no meaning."""


def plain_text(text: str, length: int = NAME_LENGTH) -> str:
    """Return a text in one line, without anything that is not seen or that steers a terminal, and short.

    Shape: at most `length` characters, the last of them an ellipsis when something was cut.
    """
    if (
        len(text) <= length
        and text.isprintable()
        and text == text.strip()
        and "  " not in text
        and not _UNSEEN.search(text)
    ):
        return text
    # what is cut here could not be shown: even a text of escapes only is not worth more time
    shown = _UNSEEN.sub("", _ESCAPES.sub("", text[: 8 * length + 64]))
    shown = "".join(_printable(letter) for letter in shown)
    flat = " ".join(shown.split())
    return flat if len(flat) <= length else flat[: length - 1] + "…"


def _printable(letter: str) -> str:
    """Return a letter that is seen as itself, a blank for other white space and controls, else nothing."""
    if letter.isprintable():
        return letter
    return "" if unicodedata.category(letter) in _HIDDEN else " "


_MARKDOWN = re.compile(r"[\\`*_{}\[\]()#+!|<>~&@$-]|:(?=//)|(?<=\bwww)\.")


def as_markdown(text: str, length: int = 10 * NAME_LENGTH) -> str:
    """Return a text that Markdown shows as it is: no mark-up, link, HTML or end of a table's cell in it."""
    return _MARKDOWN.sub(r"\\\g<0>", plain_text(text, length))


def count_of(number: int, noun: str, plural: str = "") -> str:
    """Return a number with its noun, such as "1 record" or "1,200 records"."""
    return f"{number:,} {noun if number == 1 else plural or f'{noun}s'}"


def did_you_mean(word: str, known: Iterable[str], most: int = 3) -> str:
    """Return the known words that are close to another one, as the end of a sentence; empty for none."""
    import difflib

    close = difflib.get_close_matches(word.lower(), list(known), n=most)
    return f"; did you mean {' or '.join(f'“{one}”' for one in close)}?" if close else ""
