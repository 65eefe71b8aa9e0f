"""Our engine beside stock papermill: cells that are hard to get right, and what is named as different."""

from __future__ import annotations

import contextlib
import json
import os
import re
from pathlib import Path
from typing import Any

import nbformat
import papermill
import pytest
from nbclient.exceptions import DeadKernelError

from halo_helpers.engine.fork_server.asker import close_server, fork_server
from halo_helpers.engine.job import FORKS

CELLS: dict[str, str] = {
    "print": "print('one'); print('two')",
    "print-without-newline": "print('a', end=''); print('b')",
    "stderr": "import sys; print('out'); print('err', file=sys.stderr)",
    "write": "import sys; sys.stdout.write('written\\n'); sys.stdout.writelines(['a\\n', 'b\\n'])",
    "expression": "6 * 7",
    "none": "None",
    "semicolon": "6 * 7;",
    "several-expressions": "1\n2",
    "text-with-every-letter": "print('äöü € 漢字 🎟 \\x1b[31mred\\x1b[0m')",
    "display": "from IPython.display import display, HTML; display(HTML('<b>bold</b>'))",
    "display-between-prints": "print('before'); display(1); print('after')",
    "display-data": "display({'text/plain': 'x', 'application/json': {'a': [1, None]}}, raw=True)",
    "display-id": "h = display('first', display_id='fixed'); h.update('second')",
    "update-earlier": "h.update('third')",
    "markdown": "from IPython.display import Markdown; Markdown('*em*')",
    "image": (
        "from IPython.display import Image; Image(data=b'\\x89PNG\\r\\n\\x1a\\n' + b'0' * 40, format='png')"
    ),
    "clear": "from IPython.display import clear_output; print('gone'); clear_output(); print('kept')",
    "clear-wait": "print('gone'); clear_output(wait=True); print('kept')",
    "dict": "{'b': 1, 'a': [1, 2, {'c': None}]}",
    "long-list": "list(range(200))",
    "big-output": "print('x' * 200_000)",
    "many-lines": "for n in range(3000): print(n)",
    "class": (
        "class Shown:\n    def _repr_html_(self): return '<i>shown</i>'\n    def __repr__(self): return "
        "'Shown()'\nShown()"
    ),
    "await": "import asyncio\nawait asyncio.sleep(0.001)\n'awaited'",
    "task": (
        "async def later():\n    await asyncio.sleep(0.001)\n    return 'done'\nawait "
        "asyncio.gather(later(), later())"
    ),
    "running-loop": (
        "try:\n    asyncio.run(later())\nexcept RuntimeError as error:\n    print(str(error).split(' "
        "from')[0])"
    ),
    "thread": (
        "import threading\nt = threading.Thread(target=lambda: print('from a thread')); t.start(); t.join()"
    ),
    "subprocess": (
        "import subprocess; print(subprocess.run(['echo', 'captured'], capture_output=True, "
        "text=True).stdout)"
    ),
    "subprocess-raw": (
        "code = subprocess.run(['echo', 'raw']).returncode\nawait asyncio.sleep(0.3)  # a stock kernel "
        "reads it by a thread"
    ),
    "shell": "!echo from a shell",
    "shell-into": "found = !printf 'a\\nb\\n'\nfound",
    "bash": "%%bash\necho from bash; echo err >&2",
    "capture": "%%capture kept\nprint('captured')",
    "captured": "kept.stdout",
    "magic": "%who_ls str",
    "history": "In[-1], _, len(Out) > 3",
    "warning": "import warnings; warnings.warn('mind this', UserWarning, stacklevel=1)",
    "logging": "import logging; logging.warning('logged')",
    "input": "try:\n    input('?')\nexcept Exception as error:\n    print(type(error).__name__)",
    "widget": "import ipywidgets as w; slider = w.IntSlider(value=3, description='n'); slider",
    "widget-changed": "slider.value = 5; slider.value",
    "output-widget": "out = w.Output()\nwith out:\n    print('in the widget')\nout",
    "output-widget-read": "out.outputs",
    "interact": "out.clear_output(); out.append_stdout('more'); len(out.outputs)",
    "interrupted": (
        "import os, signal\ntry:\n    os.kill(os.getpid(), signal.SIGINT); import time; "
        "time.sleep(5)\nexcept KeyboardInterrupt:\n    print('interrupted')"
    ),
    "environment": "import __main__; __name__, hasattr(__main__, 'slider')",
    "failing-repr": (
        "class Bad:\n    def _repr_html_(self): raise ValueError('in repr')\n    def __repr__(self): "
        "return 'Bad()'\nBad()"
    ),
    "raises-allowed": "raise ValueError('allowed')",
    "exit-status": "import sys; get_ipython().system('exit 3'); _exit_code",
    "multiprocessing": (  # from 3.12 on, a stock kernel, which has threads, warns of the fork
        "import os, warnings; warnings.simplefilter('ignore')\n"
        "r, x = os.pipe(); pid = os.fork()\nif not pid:\n    os.write(x, b'child'); "
        "os._exit(0)\nos.waitpid(pid, 0); os.read(r, 5)"
    ),
}
TAGS = {name: ["raises-exception"] for name in ("raises-allowed", "failing-repr")}
IDS = re.compile(
    r"[0-9a-f]{32}|0x[0-9a-f]+|IPY_MODEL_\w+|/tmp/ipykernel_\d+/\d+\.py|ipykernel_\d+|\d{4}-\d\d-\d\dT[0-9:.+Z]+"
)


def notebook(folder: Path, *cells: tuple[str, str]) -> Path:
    made = [
        nbformat.v4.new_code_cell(source, id=name, metadata={"tags": TAGS.get(name, [])})
        for name, source in cells
    ]
    nb = nbformat.v4.new_notebook(
        cells=made,
        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}},
    )
    nbformat.write(nb, folder / "in.ipynb")
    return folder / "in.ipynb"


HEX = re.compile("[0-9a-f]{32}")
"""An id; a path may be as long."""


def execute(source: Path, engine: str | None, **options: Any) -> Any:
    output = source.with_name(f"{engine or 'stock'}.ipynb")
    with contextlib.suppress(papermill.PapermillExecutionError):
        papermill.execute_notebook(
            source, output, engine_name=engine, progress_bar=False, kernel_name="python3", **options
        )
    return json.loads(output.read_text())


def settled(value: Any, names: dict[str, str]) -> Any:
    """Replace what differs from run to run: times, ids (by their order), and where memory lies."""
    text = json.dumps(value, sort_keys=True)

    def shown(found: re.Match[str]) -> str:
        is_id = HEX.fullmatch(found.group())
        return names.setdefault(found.group(), f"id-{len(names)}") if is_id else "…"

    return json.loads(IDS.sub(shown, text))


def outputs(cell: dict[str, Any]) -> list[Any]:
    """Give a cell's outputs with writes to one stream joined, as the documents say."""
    found: list[Any] = []
    streams: dict[str, Any] = {}
    for output in cell["outputs"]:
        if output["output_type"] != "stream":
            streams = {}
        elif output["name"] in streams:
            streams[output["name"]]["text"] += output["text"]
            continue
        else:
            streams[output["name"]] = output
        found.append(output)
    return sorted_streams(found)


def sorted_streams(found: list[Any]) -> list[Any]:
    for index in range(len(found) - 1):
        pair = found[index : index + 2]
        if [o.get("name") for o in pair] == ["stderr", "stdout"]:
            found[index : index + 2] = reversed(pair)
    for output in found:
        if output["output_type"] == "stream":
            output["text"] = "".join(output["text"]).splitlines()
    return found


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Any]:
    source = notebook(tmp_path_factory.mktemp("engines"), *CELLS.items())
    os.environ.pop(
        "PYTEST_CURRENT_TEST", None
    )  # with it, a stock kernel does not read what subprocesses write
    return from_stock(source), execute(source, "halo-runbook")


def from_stock(source: Path) -> Any:
    """Execute by stock papermill, which in one of about twenty runs loses a message and waits for ever."""
    for _ in range(5):
        done = execute(source, None, execution_timeout=20)
        last = next(cell for cell in done["cells"] if cell["id"] == list(CELLS)[-1])
        if last["metadata"]["papermill"]["status"] == "completed":
            return done
    pytest.fail("stock papermill did not come to the end in five runs")


@pytest.mark.parametrize("name", CELLS)
def test_a_cell_comes_out_as_from_stock_papermill(both: tuple[Any, Any], name: str) -> None:
    stock, ours = (next(cell for cell in nb["cells"] if cell["id"] == name) for nb in both)
    assert settled(outputs(ours), {}) == settled(outputs(stock), {})
    assert ours["execution_count"] == stock["execution_count"]
    assert set(ours["metadata"]) == set(stock["metadata"])
    assert ours["metadata"]["papermill"]["status"] == stock["metadata"]["papermill"]["status"]
    assert set(ours["metadata"]["execution"]) == set(stock["metadata"]["execution"])


def test_the_notebooks_metadata_and_widgets_come_out_as_from_stock_papermill(both: tuple[Any, Any]) -> None:
    stock, ours = (nb["metadata"] for nb in both)
    assert set(ours) == set(stock)
    assert ours["language_info"] == stock["language_info"]
    assert set(ours["papermill"]) == set(stock["papermill"])
    kinds = [
        sorted(
            s["model_name"]
            for s in m["widgets"]["application/vnd.jupyter.widget-state+json"]["state"].values()
        )
        for m in (ours, stock)
    ]
    assert kinds[0] == kinds[1]
    values = [
        sorted(
            s["state"].get("value", -1)
            for s in m["widgets"]["application/vnd.jupyter.widget-state+json"]["state"].values()
        )
        for m in (ours, stock)
    ]
    assert values[0] == values[1]


def test_an_error_stops_and_is_marked_as_by_stock_papermill(tmp_path: Path) -> None:
    source = notebook(tmp_path, ("a", "x = 1"), ("b", "1 / 0"), ("c", "print('never')"))
    stock, ours = execute(source, None), execute(source, "halo-runbook")
    assert [c["metadata"].get("papermill", {}).get("status") for c in ours["cells"]] == [
        None,
        "completed",
        None,
        "failed",
        "pending",
    ]
    assert len(ours["cells"]) == len(stock["cells"])
    mine, theirs = (
        settled([o for c in nb["cells"] if c["cell_type"] == "code" for o in c["outputs"]], {})
        for nb in (ours, stock)
    )
    assert mine == theirs


def test_parameters_and_report_mode(tmp_path: Path) -> None:
    source = notebook(tmp_path, ("parameters", "a = 1"), ("b", "print(a)"))
    TAGS["parameters"] = ["parameters"]
    source = notebook(tmp_path, ("parameters", "a = 1"), ("b", "print(a)"))
    ours = execute(source, "halo-runbook", parameters={"a": "é"}, report_mode=True)
    assert "".join(ours["cells"][2]["outputs"][0]["text"]) == "é\n"
    assert ours["metadata"]["papermill"]["parameters"] == {"a": "é"}


def test_a_process_that_ends_itself_is_told_and_earlier_cells_are_kept(tmp_path: Path) -> None:
    source = notebook(tmp_path, ("a", "print('kept')"), ("b", "import os; os._exit(7)"), ("c", "1"))
    with pytest.raises(DeadKernelError, match="exit status 7" if FORKS else "died"):
        execute(source, "halo-runbook")
    cells = json.loads((tmp_path / "halo-runbook.ipynb").read_text())["cells"]
    assert cells[0]["outputs"][0]["text"] == ["kept\n"]
    assert [cell["metadata"]["papermill"]["status"] for cell in cells] == ["completed", "failed", "pending"]


def test_code_that_swallows_everything_is_stopped_all_the_same(tmp_path: Path) -> None:
    stubborn = (
        "print('begun')\nwhile True:\n    try:\n        import time; time.sleep(10)\n    except "
        "BaseException:\n        pass"
    )
    source = notebook(tmp_path, ("a", stubborn), ("b", "1"))
    from nbclient.exceptions import CellTimeoutError

    with pytest.raises(CellTimeoutError):
        execute(source, "halo-runbook", execution_timeout=1)
    first, second = json.loads((tmp_path / "halo-runbook.ipynb").read_text())["cells"]
    assert [first["metadata"]["papermill"]["status"], second["metadata"]["papermill"]["status"]] == [
        "failed",
        "pending",
    ]
    assert first["outputs"][0]["text"] == ["begun\n"]
    assert first["outputs"][-1]["ename"] == "TimeoutError"


def handles_of(pid: int) -> int:
    return sum(1 for _ in Path(f"/proc/{pid}/fd").iterdir())


def test_nothing_is_left_behind(tmp_path: Path) -> None:
    close_server()
    source = notebook(
        tmp_path, ("a", "import subprocess; p = subprocess.Popen(['sleep', '600'])\nprint(p.pid)")
    )
    ours = execute(source, "halo-runbook")
    sleeper = int("".join(ours["cells"][0]["outputs"][0]["text"]))
    server = fork_server()
    handles = handles_of(server.pid), handles_of(os.getpid())
    for _ in range(5):
        execute(source, "halo-runbook")
    assert (handles_of(server.pid), handles_of(os.getpid())) == handles
    assert not Path(f"/proc/{sleeper}").exists()
    close_server()
    assert not Path(f"/proc/{server.pid}").exists()
