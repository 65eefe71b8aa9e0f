"""The notebooks: their form, their order, and that each sentence of the set-up has its step in the guide."""

from __future__ import annotations

import ast
import json
import re
import shutil
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from halo_helpers.checks import CHECKS
from halo_helpers.guide.step import EDITIONS
from halo_helpers.guide.steps import NOTEBOOKS, STEPS, step
from halo_helpers.guide.stored_outputs import refresh
from halo_helpers.guide.walk_states import states_of
from halo_helpers.guide.walk_store import read_store
from halo_helpers.secrets.value import CLIENT_SECRET
from halo_helpers.system.paths import notebooks_folder

FILES = sorted(notebooks_folder().glob("*.ipynb"))
USES = {check.id: check.uses for check in CHECKS.values()}
COMMON = {"tenant": "practice", "tenants_file": "", "edition": "current"}


def load(path: Path) -> dict[str, Any]:
    value: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return value


def source(cell: dict[str, Any]) -> str:
    return "".join(cell["source"])


def test_all_eight_are_there() -> None:
    assert [path.stem for path in FILES] == [*NOTEBOOKS, "fleet-report", "verify-tenant"]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_form(path: Path) -> None:
    nb = load(path)
    cells = nb["cells"]
    assert (nb["nbformat"], nb["nbformat_minor"], cells[0]["cell_type"]) == (4, 5, "markdown")
    assert "widgets" not in nb["metadata"]
    assert len({cell["id"] for cell in cells}) == len(cells)
    assert all(re.fullmatch(r"[a-z][a-z0-9-]+", cell["id"]) for cell in cells), "ids are written by hand"
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    tagged = [cell for cell in code if "parameters" in cell["metadata"].get("tags", [])]
    assert len(tagged) == 1
    values = {
        node.target.id: ast.literal_eval(node.value)  # type: ignore[attr-defined, arg-type]
        for node in ast.parse(source(tagged[0])).body
        if isinstance(node, ast.AnnAssign)
    }
    assert values.items() >= COMMON.items()
    for cell in code:
        assert len(source(cell).splitlines()) < 10
        assert not [
            node
            for node in ast.walk(ast.parse(source(cell)))
            if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.For | ast.While)
        ]
    assert any("nbval-check-output" in cell["metadata"].get("tags", []) for cell in code)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_stored_outputs(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert not CLIENT_SECRET.search(text)
    assert not re.search(r"127\.0\.0\.1:\d", text)
    assert "widget-view" not in text
    assert "ractice tenant" in text
    assert all(
        cell["outputs"]
        for cell in load(path)["cells"]
        if cell["cell_type"] == "code" and "parameters" not in cell["metadata"].get("tags", [])
    )


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_every_step_has_its_section_and_panel_in_order(name: str) -> None:
    cells = load(notebooks_folder() / f"{name}.ipynb")["cells"]
    found = re.findall(r'show\("([a-z-]+)"\)', "\n".join(source(cell) for cell in cells))
    assert found[0] == "header"
    shown = [name for name in found if name in STEPS]
    assert shown == [entry.id for entry in STEPS.values() if entry.notebook == name]
    for step_id in shown:
        about = next(cell for cell in cells if cell["id"] == f"about-{step_id}")
        assert source(about).startswith(f"## {STEPS[step_id].title}")


def test_notebooks_lead_to_each_other() -> None:
    for before, after in pairwise(NOTEBOOKS):
        assert f"({after}.ipynb)" in "".join(
            map(source, load(notebooks_folder() / f"{before}.ipynb")["cells"])
        )
        assert f"({before}.ipynb)" in "".join(
            map(source, load(notebooks_folder() / f"{after}.ipynb")["cells"])
        )


SENTENCES = {
    "An administrator of HaloPSA opens Configuration": ("prerequisites", "Configuration"),
    "The subscription includes the API": ("prerequisites", "API included"),
    "One Named Licence is free": ("prerequisites", "Named Licence"),
    "Go to Teams & Agents, Agents": ("open-agents", "Teams & Agents → Agents"),
    "Start a new agent": ("create-agent", "New"),
    "Give it the username Neo Agent": ("create-agent", "Username"),
    "Give it a name": ("create-agent", "Name"),
    "Give it an email address": ("create-agent", "Email"),
    "Any password will do": ("create-agent", "Password"),
    "Give it a role": ("create-agent", "Roles"),
    "Account Active is ticked": ("create-agent", "Account Active"),
    "It is not an API-only agent": ("create-agent", "Is an API-only Agent"),
    "Put it in a team": ("agent-teams", "Departments & Teams"),
    "Set working hours and time zone": ("agent-preferences", "Working Hours"),
    "Note the Agent ID from the ID column": ("note-agent-id", "column ID"),
    "1. Open Configuration": ("open-configuration", "Configuration"),
    "2. Open Integrations": ("open-integrations", "Integrations"),
    "3. Open the API section": ("open-api", "HaloPSA API"),
    "4. View Applications, look at the existing ones, New": ("create-application", "View Applications → New"),
    "5. Application Name": ("application-fields", "Application Name"),
    "5. Authentication Method: Client ID and Secret": ("application-fields", "Client ID and Secret"),
    "5. Login Type: Agent": ("application-fields", "Login Type"),
    "5. Agent: the Neo Agent agent": ("application-fields", "Agent"),
    "5. Scopes: all:standard": ("application-permissions", "all:standard"),
    "5. Scopes: all:teams": ("application-permissions", "all:teams"),
    "5. Scopes: admin:webhooks": ("application-permissions", "admin:webhooks"),
    "6. Save": ("save-application", "Save"),
    "6. Take the Client ID after saving": ("save-application", "after saving"),
    "6. Take the Client Secret, shown once": ("save-application", "shown once"),
    "The four values: Client ID": ("note-values", "Client ID"),
    "The four values: Client Secret": ("note-values", "Client Secret"),
    "The four values: base URL without a slash": ("note-values", "without a slash"),
    "The four values: Agent ID": ("note-values", "Agent ID"),
    "Next: connect in Neo Agent's dashboard": ("connect-neo", "Neo Agent dashboard → Integrations → HaloPSA"),
    "Next: Neo Agent tests the connection": ("connect-neo", "own test"),
    "Next: webhooks": ("webhooks", "Webhooks"),
}
"""What the set-up says, sentence by sentence (facts 1.2 to 1.6), and where the guide says it."""


@pytest.mark.parametrize("sentence", SENTENCES)
def test_every_sentence_of_the_set_up_has_its_step(sentence: str) -> None:
    step_id, words = SENTENCES[sentence]
    assert words in repr(step(step_id))


@pytest.mark.parametrize("edition", EDITIONS)
def test_login_type_agent_and_scopes_are_shown_in_every_edition(edition: str) -> None:
    from halo_helpers.panels import open_guide

    guide = open_guide("practice", edition=edition)
    fields = guide.step("application-fields").html
    assert "Login Type" in fields
    assert "all:teams" in guide.step("application-permissions").html
    for other in EDITIONS:
        assert (f"{other} edition" in fields) is (other == edition)


def test_unattended_runs_give_the_same_bytes_and_change_no_walk(tmp_path: Path, own_home: Path) -> None:
    for path in FILES:
        shutil.copy(path, tmp_path)
    assert refresh(tmp_path) == [(path.name, False) for path in FILES]
    # nobody has walked: executing cells alone writes nothing
    assert not (own_home / "walks").exists()
    assert not [step for step in states_of(read_store("practice"), {}, USES).values() if step.is_done]


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_code_is_folded_away_and_each_cell_stands_alone(name: str) -> None:
    cells = load(notebooks_folder() / f"{name}.ipynb")["cells"]
    for cell in cells:
        if cell["cell_type"] != "code":
            continue
        assert cell["metadata"]["jupyter"] == {"source_hidden": True}
        if "parameters" not in cell["metadata"].get("tags", []):
            first, _, call = source(cell).split("\n")
            assert first in {f"from halo_helpers.panels import {what}" for what in ("show", "summary")}
            assert re.fullmatch(r'show\("[a-z-]+"\)|print\(summary\([a-z", .]*\)\)', call)
    unattended = next(n for n, cell in enumerate(cells) if cell["id"] == "about-unattended")
    assert all(cell["id"].startswith("check-") for cell in cells[unattended + 1 :])
