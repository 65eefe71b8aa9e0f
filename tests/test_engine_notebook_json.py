"""The text of a notebook is nbformat's own, to the letter."""

from __future__ import annotations

import json
from typing import Any

import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nbformat.v4 import nbjson

from halo_helpers.engine.fork_server.notebook_json import NotebookEncoder, write_notebooks_fast

STOCK = nbjson.BytesEncoder
USUAL: dict[str, Any] = {"indent": 1, "sort_keys": True, "separators": (",", ": "), "ensure_ascii": False}
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.binary().map(lambda b: b.hex().encode())
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner)
        | st.dictionaries(st.text(), inner)
        | st.tuples(inner)
        | st.dictionaries(st.integers(), inner)
    ),
    max_leaves=30,
)


@given(VALUES, st.booleans())
def test_any_value_is_written_as_by_the_encoder_of_nbformat(value: Any, usual: bool) -> None:
    settings = USUAL if usual else USUAL | {"indent": 2}
    assert json.dumps(value, cls=NotebookEncoder, **settings) == json.dumps(value, cls=STOCK, **settings)


@pytest.mark.parametrize("value", [{"a": object()}, {1: "a", "b": 2}])
def test_what_is_no_json_is_refused_as_by_the_encoder_of_nbformat(value: Any) -> None:
    for encoder in (NotebookEncoder, STOCK):
        with pytest.raises(TypeError):
            json.dumps(value, cls=encoder, **USUAL)


def test_nbformat_uses_it(monkeypatch: pytest.MonkeyPatch) -> None:
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("ä\n“b”", id="a")])
    text = nbformat.writes(notebook)
    monkeypatch.setattr(nbjson, "BytesEncoder", STOCK)
    used: list[object] = []
    monkeypatch.setattr(NotebookEncoder, "_add", lambda *of: used.append(of))
    write_notebooks_fast()
    nbformat.writes(notebook)
    assert used
    assert json.loads(text)["cells"][0]["source"] == ["ä\n", "“b”"]
