"""HaloPSA's objects, tolerantly read (facts 3.3, 3.5, 4.2)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from halo_helpers.client.models import Agent, AuthInfo, Instance, as_id, as_rows
from halo_helpers.errors import ShapeError

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda c: st.lists(c) | st.dictionaries(st.text(), c),
    max_leaves=8,
)


@pytest.mark.parametrize(
    "value",
    [
        [{"id": 1}],
        {"results": [{"id": 1}]},
        {"agents": [{"id": 1}], "record_count": 1},
        {"record_count": 1, "things": [{"id": 1}]},
    ],
)
def test_lists_come_in_several_envelopes(value: object) -> None:
    assert as_rows(value, "Agent", "agents")[0] == [{"id": 1}]


@pytest.mark.parametrize("value", ["text", 3, None, {"a": 1}])
def test_what_is_no_list_is_a_shape_error(value: object) -> None:
    with pytest.raises(ShapeError):
        as_rows(value, "Agent", "agents")


@pytest.mark.parametrize(
    ("value", "number"),
    [(3, 3), (12.0, 12), ("7", 7), (True, None), (1.5, None), ("x", None), (None, None), ("٣", None)],
)
def test_ids(value: object, number: int | None) -> None:
    assert as_id(value) == number


def test_agent_with_next_to_nothing() -> None:
    agent = Agent.from_answer({"id": 27.0})
    assert (agent.id, agent.name, agent.team_names, agent.is_api_only) == (27, "", None, None)


def test_agent_in_full() -> None:
    row = {
        "id": 27,
        "name": " Neo ",
        "isdisabled": True,
        "isapiagent": False,
        "teams": [{"team_id": 4, "team_name": "Desk"}, {"team_id": 5}],
        "roles": [],
        "role_list": "A, B",
        "workday_id": 0,
    }
    agent = Agent.from_answer(row)
    assert (agent.name, agent.is_disabled, agent.is_api_only) == ("Neo", True, False)
    assert (agent.team_names, agent.role_names, agent.workday) == (("Desk", "5"), ("A", "B"), None)


@given(JSON)
def test_no_answer_breaks_a_parser(value: object) -> None:
    for parse in (
        Agent.from_answer,
        AuthInfo.from_answer,
        Instance.from_answer,
        lambda v: as_rows(v, "x", "y"),
    ):
        try:
            parse(value)
        except ShapeError:
            continue
