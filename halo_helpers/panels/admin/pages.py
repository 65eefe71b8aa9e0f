"""What the administrator's panel shows: the sign-in, the fields, a plan with its confirmation."""

from __future__ import annotations

import os
from html import escape

from ...admin.reading.inspection import Inspection
from ...admin.sign_in import REDIRECT
from ...admin.writing.changes import Plan
from ...system.plain_text import count_of
from ..base.style import OF_VERDICT, button, copy_button, state_html
from ..cards.finding import findings_html
from ..state import WalkState

ABOUT = (
    "An application sees a failure from outside. An administrator's own sign-in sees the field: its value, "
    "what it should be, and where it is set. It only reads, until you confirm a change by the customer's "
    "name."
)
_ELSEWHERE = "<p>The browser is on another machine than this kernel, so no sign-in can come back here.</p>"


def sign_in_html() -> str:
    """Offer both ways to sign in; the browser's only where it runs on the kernel's machine."""
    browser = (
        "<p>In the browser, on HaloPSA's own page. It needs an application once: New → Authentication Method "
        "Authorisation Code (Native Application), Allow Agent Logins, no secret, and this redirect: "
        f"<code>{REDIRECT}</code> {copy_button(REDIRECT, 'the redirect')}</p>"
        f"<div data-form>{_field('browser', 'Client ID', 'admin_id')}"
        f"<div class='h-row'>{button('Sign in in the browser', 'browser', 'main')}</div></div>"
    )
    return (
        f"<p>{ABOUT}</p><details class='h-fold' data-key='sign-in'><summary>Sign in as an administrator …"
        "</summary><p>Nothing of the sign-in is kept when you sign out, or after 15 minutes without use.</p>"
        f"<p><b>By your log-in</b></p>{_ELSEWHERE if os.environ.get('SSH_CONNECTION') else browser}"
        "<p><b>By an application of yours</b></p><p>One that logs in as an administrator, with Client ID and "
        f"Secret (Services).</p><div data-form>{_field('id', 'Client ID', 'admin_id')}"
        f"{_field('secret', 'Client Secret', 'admin_secret', 'password')}"
        f"<div class='h-row'>{button('Sign in', 'application')}</div></div></details>"
    )


def _field(key: str, label: str, name: str, kind: str = "text") -> str:
    return (
        f"<div class='halo-field'><label for='halo-admin-{key}'>{escape(label)}</label>"
        f"<input class='h-input' id='halo-admin-{key}' name='{name}' type='{kind}' data-key='admin {key}' "
        "autocomplete='off' spellcheck='false' data-1p-ignore></div>"
    )


def inspection_html(walk: WalkState, found: Inspection) -> str:
    """Show what is wrong, and every field that was read."""
    joined = found.joined
    wrong = sum(row.finding is not None for row in found.rows)
    head = "Every field that was seen is right" if not wrong else f"{count_of(wrong, 'field')} to look at"
    worst = next((row.finding.verdict for row in found.rows if row.finding), "pass")
    rows = "".join(
        f"<dt>{escape(row.screen)}</dt><dd>{escape(row.value)}"
        + (
            f" {state_html(OF_VERDICT[row.finding.verdict], f'should be: {row.expected}')}"
            if row.finding
            else ""
        )
        + "</dd>"
        for row in found.rows
    )
    unseen = f"<p>Could not see: {escape(', '.join(found.could_not_see))}.</p>" if found.could_not_see else ""
    return (
        f"<p>{state_html(OF_VERDICT[worst], head)}</p>{findings_html(walk, joined.checks, above=head)}"
        f"<details class='h-fold' data-key='fields'><summary>{count_of(len(found.rows), 'field')} read"
        f"</summary><dl class='h-facts'>{rows}</dl></details>{unseen}"
    )


def plan_html(plan: Plan, name: str, question: str) -> str:
    """Show what would be written, object by object, and ask for the confirmation."""
    parts = []
    for route, key, changes in plan.requests():
        what = f"{'Make' if key is None else 'Change'} the {route.lower()} “{changes[0].object}”"
        rows = "".join(
            f"<dt>{escape(one.screen)}</dt><dd>"
            + ("" if key is None else f"<del>{escape(one.shown[0])}</del> → ")
            + f"<b>{escape(one.shown[1])}</b></dd>"
            for one in changes
        )
        parts.append(f"<p><b>{escape(what)}</b></p><dl class='h-facts'>{rows}</dl>")
    if plan.clicks:
        clicks = "".join(
            f"<li>{escape(one.where)}<br><small>{escape(one.todo)}</small></li>" for one in plan.clicks
        )
        parts.append(f"<p><b>Left for you to click</b></p><ol>{clicks}</ol>")
    if not parts:
        parts.append("<p>Nothing to do: every field that was seen is as it should be.</p>")
    return "".join(parts) + _confirmation(plan, name, question)


def _confirmation(plan: Plan, name: str, question: str) -> str:
    back = button("Back", "back", "quiet", safe="")
    if not plan.changes:
        return f"<div class='h-row h-foot'>{button('Look again', 'plan', 'main')}{back}</div>"
    if question:
        return (
            f"<div class='h-well' data-form role='group' aria-label='One question more'><p>{escape(question)}"
            f"</p><div class='h-row'>{button('Update it', 'agree', 'main')}{back}</div></div>"
        )
    return (
        "<div class='h-well' data-form role='group' aria-label='Write this?'><p>Nothing else of these "
        "objects is touched, and no other object. It is read back, and can be taken back.</p>"
        f"<label for='halo-confirm'>Type {escape(name)} to write it</label>"
        "<input class='h-input' id='halo-confirm' name='confirm' autocomplete='off' spellcheck='false'>"
        f"<div class='h-row'>{button('Write this', 'write', 'main')}{back}</div></div>"
    )
