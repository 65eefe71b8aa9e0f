"""PYTHON.md, made from the public names and their docstrings."""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import ForwardRef

import halo_helpers
from halo_helpers import errors
from halo_helpers.verification.run_checks import Options

PARTS = {
    "Verify": ("verify", "test_connection", "averify", "atest_connection"),
    "List agents": ("list_agents", "alist_agents"),
    "Tenants": ("Tenant", "load_tenants", "Secret", "Limits"),
    "What comes back": ("Verification", "CheckResult", "Finding", "Agent"),
}
WIDTH = 100


def reference() -> str:
    """Write the page."""
    made = "Made from the docstrings, whose examples are tests (`tests/test_reference.py`)."
    lines = ["# From Python", "", made, "", _prose(halo_helpers), ""]
    for heading, names in PARTS.items():
        lines += [f"## {heading}", ""]
        for name in names:
            lines += _entry(name, getattr(halo_helpers, name))
    lines += ["## Errors", "", *_errors()]
    return "\n".join(lines).rstrip() + "\n"


def _entry(name: str, value: object) -> Iterator[str]:
    yield f"### `{name}`\n"
    yield f"```python\n{_signature(name, value)}\n```\n"
    yield _prose(value) + "\n"
    if name == "verify":
        options = ", ".join(f"`{key}: {_plain(of)}`" for key, of in Options.__annotations__.items())
        yield f"Options, here and in the three below: {options}.\n"
    if inspect.isclass(value):
        yield from _members(value)


def _signature(name: str, value: object) -> str:
    """Write how something is called, a parameter a line where it is long."""
    assert callable(value)
    called = inspect.signature(value)
    if is_dataclass(value):
        shown = {entry.name for entry in fields(value) if entry.repr or entry.name.startswith("client_")}
        kept = [one for one in called.parameters.values() if one.name in shown]
        called = inspect.Signature([one.replace(default=_default(one)) for one in kept])
    kind = "class" if inspect.isclass(value) else "def"
    begin = f"async {kind} {name}" if inspect.iscoroutinefunction(value) else f"{kind} {name}"
    result = f" -> {called.return_annotation}" if kind == "def" else ""
    parameters = list(_parameters(called))
    text = f"{begin}({', '.join(parameters)}){result}"
    lines = ",\n    ".join(parameters)
    return text if len(text) <= WIDTH else f"{begin}(\n    {lines},\n){result}"


def _parameters(called: inspect.Signature) -> Iterator[str]:
    """Write each parameter as it stands in the code."""
    before = inspect.Parameter.POSITIONAL_OR_KEYWORD
    for one in called.parameters.values():
        if one.kind is one.KEYWORD_ONLY and before is one.POSITIONAL_OR_KEYWORD:
            yield "*"
        before = one.kind
        default = (
            "" if one.default is one.empty else " = ..." if one.default is ... else f" = {one.default!r}"
        )
        yield f"{'**' if one.kind is one.VAR_KEYWORD else ''}{one.name}: {one.annotation}{default}"


def _default(parameter: inspect.Parameter) -> object:
    """Return the default of a field; one that is made anew each time is none that could be shown."""
    return ... if "factory" in repr(parameter.default) else parameter.default


def _plain(annotation: object) -> str:
    """Write an annotation of a `TypedDict` as it stands in the code."""
    return annotation.__forward_arg__ if isinstance(annotation, ForwardRef) else str(annotation)


def _members(value: type) -> Iterator[str]:
    """List what an object can be asked, besides its fields."""
    for name, member in vars(value).items():
        about = getattr(member, "__doc__", None)
        is_called = inspect.isfunction(member) or isinstance(member, classmethod)
        if not name.startswith("_") and about and (is_called or isinstance(member, property)):
            yield f"- `{_as_used(name, member)}`: {_first(about)}"
    yield ""


def _as_used(name: str, member: object) -> str:
    """Write a property with its type, a method with its parameters and what it returns."""
    if isinstance(member, property):
        return f"{name}: {inspect.signature(member.fget).return_annotation}"  # type: ignore[arg-type]
    called = inspect.signature(getattr(member, "__func__", member))  # type: ignore[arg-type]
    given = [one for one in called.parameters.values() if one.name not in {"self", "cls"}]
    result = "" if called.return_annotation == "None" else f" -> {called.return_annotation}"
    return f"{name}({', '.join(_parameters(called.replace(parameters=given)))}){result}"


def _prose(value: object) -> str:
    """Return a docstring as Markdown: its examples as code."""
    lines: list[str] = []
    is_code = False
    for line in inspect.getdoc(value).splitlines():  # type: ignore[union-attr]
        if line.startswith(">>> ") and not is_code:
            lines.append("```pycon")
            is_code = True
        elif not line and is_code:
            lines.append("```")
            is_code = False
        lines.append(line)
    return "\n".join([*lines, *(["```"] if is_code else [])])


def _first(about: str) -> str:
    """Return the first sentence or two: the first paragraph, in one line."""
    return " ".join(about.partition("\n\n")[0].split())


def _errors() -> Iterator[str]:
    tree = inspect.getdoc(errors).partition("\n\n")[2]  # type: ignore[union-attr]
    drawn, _, rest = tree.partition("\n\n")
    yield f"```text\n{textwrap.dedent(drawn)}\n```\n"
    yield rest
