"""How fast the guide answers, in one browser: beside a notebook with one stock button, and against its goals.

    python -m tests.benchmarks.panel [--rounds N] [--json]

Goals, on a warm kernel: Run All to the first button at most 0.5 s, to the last panel at most 1.5 s, a click
on Check to its answer at most 0.3 s; from the command, with a browser open, to the live card of what is to be
done first at most 8 s.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import nbformat
from playwright.sync_api import Browser, Page

from tests.helpers.browser import chromium, new_page
from tests.helpers.lab import SHOWN, Lab, panel, run_all, wait_until_run

STOCK = ["import ipywidgets", "ipywidgets.Button(description='Check')"]
GOALS_S = {
    "command to first notebook": 8.0,
    "Run All to first button": 0.5,
    "Run All to last panel": 1.5,
    "click to answer": 0.3,
}


def main() -> None:
    """Measure in turn, kernels warm but for the start, and print medians."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as home, chromium() as browser:
        found = _measure(Path(home), browser, options.rounds)
    medians = {name: round(statistics.median(values), 3) for name, values in found.items()}
    if options.json:
        print(json.dumps(medians))
        return
    for name, value in medians.items():
        goal = GOALS_S.get(name)
        met = f"  goal: at most {goal} s, {'met' if value <= goal else 'NOT met'}" if goal else ""
        print(f"{name:28} {value:.3f} s{met}")


def _measure(home: Path, browser: Browser, rounds: int) -> dict[str, list[float]]:
    with new_page(browser) as ours, new_page(browser) as stock:
        began = time.monotonic()
        lab = Lab(home)
        try:
            lab.go(ours, "00-start")
            ours.locator(f"{SHOWN} .h-card.now").first.wait_for()
            first = time.monotonic() - began
            wait_until_run(ours)
            cells = [nbformat.v4.new_code_cell(source) for source in STOCK]
            kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
            notebook = nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel})
            nbformat.write(notebook, home / "data" / "walks" / "practice" / "stock.ipynb")
            lab.go(stock, "stock")
            run_all(stock)
            lab.customer("acme")
            found = {
                "command to first notebook": [first],
                "Run All to first button": [_run_all(ours, ".h-btn") for _ in range(rounds)],
                "the same, stock button": [_run_all(stock, ".jupyter-button") for _ in range(rounds)],
            }
            lab.open(ours, "40-connection", walk="acme")
            last = "summary:text('can be read')"
            found["Run All to last panel"] = [_run_all(ours, last) for _ in range(rounds)]
            found["click to answer"] = [_click(ours) for _ in range(rounds)]
            return found
        finally:
            lab.stop()


def _run_all(page: Page, sign: str) -> float:
    """Clear the outputs, run all, and wait for the sign; return the seconds."""
    page.get_by_role("menuitem", name="Edit", exact=True).click()
    page.get_by_text("Clear Outputs of All Cells", exact=True).click()
    page.locator(f".jp-Notebook {sign}").first.wait_for(state="detached")
    page.get_by_role("menuitem", name="Run", exact=True).click()
    item = page.get_by_text("Run All Cells", exact=True)
    item.wait_for()
    took = _timed(item.click, page.locator(f".jp-Notebook {sign}").first.wait_for)
    run_all(page)
    return took


def _click(page: Page) -> float:
    """Click on the check of one step, and wait for its answer; return the seconds."""
    one = panel(page, "list-agents")
    again, cancel = (one.get_by_role("button", name=name) for name in ("Check again", "Cancel"))

    def answered() -> None:
        cancel.wait_for(state="detached")
        again.wait_for()

    def click() -> None:
        again.click()
        cancel.or_(again).first.wait_for()

    return _timed(click, answered)


def _timed(act: Callable[[], None], wait: Callable[[], None]) -> float:
    began = time.monotonic()
    act()
    wait()
    return time.monotonic() - began


if __name__ == "__main__":
    main()
