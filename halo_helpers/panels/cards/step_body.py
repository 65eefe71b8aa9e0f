"""What a step's card says besides its state: where to click, what to set and why, what to see then."""

from __future__ import annotations

from html import escape

from ...guide.step import Field, Step
from ...practice.world.realm import WALK
from ..base.style import copy_button


def screen_link(step: Step, instance: str, tenant: str = "", *, again: bool = False) -> str:
    """Return the link to a step's screen, where its address is known, then the click path.

    `tenant` is that of the practice server; with `again` the path leads to what the step has made.
    """
    target = step.practice_link if tenant else step.link
    opened, which = ("practice screen", f"?tenant={tenant}") if tenant else ("screen in HaloPSA", "")
    if target == "/neo-agent":
        opened, which = "practice Neo Agent", ""
    path = step.path_again if again else step.path
    target = target.removesuffix("/new") if again else target
    link = (
        f"<a class='h-out' href='{escape(instance + target + which)}' target='_blank' rel='noopener'>"
        f"Open the {opened}</a> "
        if target and instance
        else ""
    )
    return f"{link}<span class='h-path'>{escape(path)}</span>"


def step_html(step: Step, edition: str, instance: str, *, practice: bool) -> str:
    """Show where to click, what to set and why, and what to see then."""
    lines = []
    if step.path:
        at = "" if step.same_form else instance
        lines.append(f"<p>{screen_link(step, at, WALK if practice else '')}</p>")
    if step.fields:
        rows = "".join(_field_html(field, edition) for field in step.fields)
        lines.append(f"<dl class='h-facts lined'>{rows}</dl>")
    lines += [f"<p><b>You should see:</b> {escape(step.see)}</p>"] if step.see else []
    other = [step.missing] if step.missing else []
    other += [f"The menu says: {step.also_called}."] if step.also_called else []
    if other:
        lines.append(
            "<details class='h-fold' data-key='other'><summary>It looks different here</summary>"
            f"{''.join(f'<p>{escape(text)}</p>' for text in other)}</details>"
        )
    return "".join(lines)


def _field_html(field: Field, edition: str) -> str:
    note = f" In the {edition} edition: {field.note(edition)}." if field.note(edition) else ""
    why = f"<small>{escape(field.why)}.{escape(note)}</small>" if field.why or note else ""
    copy = copy_button(field.value, field.name) if field.to_paste else ""
    return (
        f"<dt>{escape(field.name)}</dt><dd{' class=copy' if copy else ''}><span><b>{escape(field.value)}</b>"
        f"{why}</span>{copy}</dd>"
    )


def step_text(step: Step, edition: str) -> str:
    """Say the same in plain text."""
    lines = [f"Where: {step.path}"] if step.path else []
    lines += [
        f"{f.name}: {f.value}" + (f" ({edition} edition: {f.note(edition)})" if f.note(edition) else "")
        for f in step.fields
    ]
    lines += [f"You should see: {step.see}"] if step.see else []
    return "\n".join(lines)
