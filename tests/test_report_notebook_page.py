"""A notebook as a page: it opens offline, shows what is in it, and nothing in it runs or is fetched."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from halo_helpers.errors import ConfigError
from halo_helpers.report.notebook_page import notebook_page

from .helpers.browser import chromium, needs_browser, new_page

EVIL = "https://evil.example"
ALARM = "document.title='owned'"
HTML = (
    f"<p style='color:red;background:url({EVIL}/x)'>shown</p><script>{ALARM}</script>"
    f"<iframe src='{EVIL}'></iframe><form action='{EVIL}'><button>go</button></form>"
    f"<meta http-equiv=refresh content='0;url={EVIL}'><link rel=stylesheet href='{EVIL}/a.css'>"
    f"<style>@import '{EVIL}/b.css'</style><base href='{EVIL}'><svg onload=\"{ALARM}\"></svg>"
    f'<img src=\'{EVIL}/i.png\' onerror="{ALARM}"><a href="javascript:{ALARM}">link</a>'
    "<details><summary>more</summary>inside</details><!-- hidden -->"
)
SVG = f"<svg xmlns='http://www.w3.org/2000/svg' onload=\"{ALARM}\"><script>{ALARM}</script></svg>"


def write(folder: Path, cells: list[dict[str, Any]], name: str = "acme") -> None:
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    value = {"cells": cells, "metadata": kernel, "nbformat": 4, "nbformat_minor": 5}
    (folder / f"{name}.ipynb").write_text(json.dumps(value))


def markdown(text: str) -> dict[str, Any]:
    return {"cell_type": "markdown", "id": "m", "metadata": {}, "source": text}


def code(*outputs: dict[str, Any]) -> dict[str, Any]:
    cell = {"cell_type": "code", "id": "c", "metadata": {}, "execution_count": 1, "source": "1 < 2"}
    return cell | {"outputs": list(outputs)}


def shown(kind: str, data: str) -> dict[str, Any]:
    return {"output_type": "display_data", "metadata": {}, "data": {kind: data}}


@needs_browser
def test_nothing_runs_and_nothing_is_fetched(tmp_path: Path) -> None:
    outputs = [
        shown("text/html", HTML),
        shown("text/markdown", HTML),
        shown("application/javascript", ALARM),
        shown("image/svg+xml", SVG),
        shown("text/plain", "plain <b>text</b>"),
        {"output_type": "stream", "name": "stdout", "text": f"<script>{ALARM}</script>"},
        {"output_type": "error", "ename": "E", "evalue": HTML, "traceback": [HTML]},
    ]
    write(tmp_path, [markdown(f"# Heading {HTML}"), code(*outputs)])
    file = tmp_path / "page.html"
    file.write_text(notebook_page(tmp_path, "acme"))
    asked: list[str] = []
    refused: list[str] = []
    with chromium() as browser, new_page(browser) as page:
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: refused.append(message.text))
        page.goto(file.as_uri())
        page.get_by_text("link").first.click()
        assert (page.title(), page.get_by_text("shown").first.is_visible()) == ("acme", True)
        assert (
            page.locator("script, iframe, form, base, link, svg, main meta, [onerror], [onload]").count() == 0
        )
    assert asked == [file.as_uri()]
    assert "evil.example" not in "".join(refused)


def test_no_file_of_this_machine_is_read_into_the_page(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("the secret of somebody")
    write(tmp_path, [markdown(f"![a](secret.txt) <img src='{secret}'> <img src='{secret.as_uri()}'>")])
    text = notebook_page(tmp_path, "acme")
    assert base64.b64encode(secret.read_bytes()).decode()[:20] not in text
    assert "the secret" not in text


@pytest.mark.parametrize(
    "content", ["", "{}", "[]", '{"cells": 7, "nbformat": 4, "nbformat_minor": 5}', "\0"]
)
def test_a_damaged_notebook_is_a_sentence(content: str, tmp_path: Path) -> None:
    (tmp_path / "acme.ipynb").write_text(content)
    with pytest.raises(ConfigError):
        notebook_page(tmp_path, "acme")


def test_no_notebook_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no notebook of 'nobody'"):
        notebook_page(tmp_path, "nobody")


def test_links_and_states_of_a_notebook_are_left_out(tmp_path: Path) -> None:
    """What Markdown makes is cleaned, too, and the state of widgets is no part of the page."""
    write(tmp_path, [markdown("[a](javascript:alert(1)) [b](data:text/html,x) [c](https://halopsa.com)")])
    file = tmp_path / "acme.ipynb"
    value = json.loads(file.read_text())
    state = {
        "application/vnd.jupyter.widget-state+json": {"version_major": 2, "version_minor": 0, "state": {}}
    }
    value["metadata"]["widgets"] = state
    file.write_text(json.dumps(value))
    text = notebook_page(tmp_path, "acme")
    assert "javascript:" not in text
    assert "data:text" not in text
    assert "<script" not in text
    assert 'href="https://halopsa.com"' in text


def test_a_name_that_is_a_path_leads_nowhere(tmp_path: Path) -> None:
    write(tmp_path, [markdown("of another run")], "acme")
    (tmp_path / "run").mkdir()
    with pytest.raises(ConfigError, match="no notebook"):
        notebook_page(tmp_path / "run", "../acme")
