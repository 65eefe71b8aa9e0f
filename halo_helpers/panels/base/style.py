"""The one style sheet of the panels, and small pieces of HTML that wear it.

Text first, colour second. Colours follow JupyterLab's theme by its attribute on the page, and the system's
elsewhere. Every piece has to read well without the sheet, too: stored pages on a code host have none.
"""

from __future__ import annotations

from html import escape

from ...guide.progress import WORDS, State, StepRecord

SHEET = """<style>
.halo { --h-ok: #17703f; --h-warn: #7d5800; --h-failed: #b3261e; --h-error: #74349f; --h-soft: #56616f; --h-line: #ccd3db; --h-card: #f4f6f9; --h-act: #1559b3;
  font-size: 1em; line-height: 1.45; max-width: 62em; }
[data-jp-theme-light="false"] .halo { --h-ok: #63d297; --h-warn: #eabf55; --h-failed: #ff938a; --h-error: #d7adf7; --h-soft: #a9b3c0; --h-line: #475160; --h-card: #20262e; --h-act: #8fbcff; }
.halo p { margin: .25em 0; } .halo a { color: var(--h-act); text-decoration: underline; } .halo small { color: var(--h-soft); font-size: .88em; }
.halo table { border-collapse: collapse; margin: .3em 0; } .halo td, .halo th { text-align: left; vertical-align: top; padding: .2em 1em .2em 0; border-bottom: 1px solid var(--h-line); }
.halo-banner { border: 2px solid var(--h-line); border-radius: 6px; padding: .4em .8em; } .halo-banner.practice { border-style: dashed; border-color: var(--h-warn); }
.halo-chip { display: inline-block; border: 1px solid currentColor; border-radius: 1em; padding: 0 .7em; font-weight: 600; }
.halo-ok { color: var(--h-ok); } .halo-warn { color: var(--h-warn); } .halo-failed { color: var(--h-failed); } .halo-error { color: var(--h-error); } .halo-todo, .halo-stale, .halo-running { color: var(--h-soft); }
.halo-card { border-left: 5px solid var(--h-line); background: var(--h-card); padding: .4em 1em; margin: .5em 0; overflow-wrap: anywhere; }
.halo-closed { border-left: 5px solid var(--h-warn); background: var(--h-card); padding: .4em 1em; margin: .3em 0; }
.halo-row { display: flex; flex-wrap: wrap; gap: .6em; align-items: center; margin: .4em 0; min-height: 2.2em; } .halo-soft { color: var(--h-soft); } .halo-tick label { margin-left: .3em; }
.halo-button { font: inherit; font-weight: 600; padding: .3em .9em; border: 1px solid var(--h-act); border-radius: 4px; background: var(--h-act); color: #fff; cursor: pointer; } [data-jp-theme-light="false"] .halo-button { color: #10161d; }
.halo-button.second, [data-jp-theme-light="false"] .halo-button.second { background: none; color: var(--h-act); } .halo-button:disabled { opacity: .55; cursor: default; } .halo button:focus-visible, .halo input:focus-visible, .halo select:focus-visible { outline: 3px solid #3b7dd8; outline-offset: 2px; }
.halo [hidden] { display: none; } .halo-plain { font: inherit; font-weight: 600; color: inherit; background: none; border: 0; padding: 0; cursor: pointer; text-decoration: underline dotted; }
.halo-copy { font: inherit; font-size: .85em; margin-left: .5em; cursor: pointer; color: var(--h-act); background: none; border: 1px solid currentColor; border-radius: 4px; } .halo-copy-line { display: inline-block; margin: .15em 1.5em .15em 0; }
.halo-field { display: flex; flex-wrap: wrap; gap: .3em .8em; align-items: center; margin: .3em 0; } .halo-field > label { min-width: 10em; font-weight: 600; } .halo input[type=text], .halo input[type=password], .halo input[type=search], .halo select { font: inherit; padding: .25em .4em; color: inherit; background: transparent; border: 1px solid var(--h-soft); border-radius: 3px; max-width: 100%; } [data-jp-theme-light="false"] .halo option { color: #111; }
.halo-wide { overflow-x: auto; } .halo summary { cursor: pointer; } .halo code { overflow-wrap: anywhere; }
</style>"""


def box(content: str) -> str:
    """Wrap content in the sheet's scope."""
    return f'<div class="halo">{content}</div>'


def chip(record: StepRecord, note: str = "") -> str:
    """Name a step's state in a word and a colour, with when and by whom."""
    words = WORDS[record.state]
    if record.by_hand and record.is_done:
        words = "done by hand"
    when = (
        f" <small>{escape(record.at[:16].replace('T', ' '))} UTC, {escape(record.by)}</small>"
        if record.at and record.state != "running"
        else ""
    )
    more = f" <small>{escape(note)}</small>" if note else ""
    return box(
        f'<span class="halo-chip halo-{record.state}" role="status">{escape(words)}</span>{when}{more}'
    )


def state_word(state: State) -> str:
    """Name a state in its colour."""
    return f'<b class="halo-{state}">{escape(WORDS[state])}</b>'


def sentence(text: str, kind: State = "failed") -> str:
    """Make a card of one sentence of plain text."""
    return box(
        f'<div class="halo-card" role="alert"><b class="halo-{kind}">{escape(WORDS[kind])}</b>: '
        f"{escape(text)}</div>"
    )
