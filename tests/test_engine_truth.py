"""Notebooks run by papermill: the same as the command line, and the truth in them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import nbformat
import papermill
import pytest
from nbclient.exceptions import CellTimeoutError, DeadKernelError

from halo_helpers import verify
from halo_helpers.engine.by_papermill import run_job
from halo_helpers.engine.job import Answer, FileJob
from halo_helpers.engine.record import UnknownParameterError, parameter_names
from halo_helpers.report.evidence import read_evidence

from .helpers.notebooks import VERIFY, notebook, run_notebook, states
from .helpers.practice import Practice


@pytest.mark.parametrize(("name", "verdict"), [("healthy", "pass"), ("agent-mismatch", "fail")])
def test_papermill_gives_the_same_as_verify(
    practice: Practice, tmp_path: Path, name: str, verdict: str
) -> None:
    file = practice.write(tmp_path / "t.yaml", name)
    parameters = {"tenant": name, "tenants_file": str(file)}
    job = FileJob(str(VERIFY), str(tmp_path / "o.ipynb"), str(tmp_path), parameters, deadline_s=60.0)
    assert run_job(job) == Answer("ok")
    evidence = read_evidence(tmp_path / "o.ipynb")
    direct = verify(practice.tenant(name))
    assert evidence
    assert (evidence["verdict"], evidence["codes"]) == (verdict, direct.codes)
    assert [check["verdict"] for check in evidence["checks"]] == [check.verdict for check in direct.checks]
    assert practice.entries[name]["client_secret"] not in (tmp_path / "o.ipynb").read_text()


def test_a_parameter_that_the_notebook_does_not_have_is_refused_before_anything_runs(tmp_path: Path) -> None:
    source = notebook(tmp_path, "a = 1", f"open({str(tmp_path / 'ran')!r}, 'w')")
    with pytest.raises(UnknownParameterError, match="no parameter b; it has a"):
        run_notebook(source, parameters={"b": 2})
    assert not (tmp_path / "ran").exists()
    assert parameter_names(nbformat.read(source, 4)) == {"a"}


def test_papermills_command_types_each_parameter_and_refuses_another_in_one_line(tmp_path: Path) -> None:
    source = str(VERIFY)
    command = [sys.executable, "-m", "papermill", "--engine", "halo-runbook"]
    asked = subprocess.run([*command, "--help-notebook", source], capture_output=True, text=True, check=True)
    assert "Unknown type" not in asked.stdout
    assert "tenant: str" in asked.stdout
    words = [*command, source, str(tmp_path / "o.ipynb"), "-p", "nonsense", "1"]
    refused = subprocess.run(words, capture_output=True, text=True, check=False)
    assert (refused.returncode, "Traceback" in refused.stderr) == (2, False)
    assert "Error: the notebook has no parameter nonsense; it has control" in refused.stderr


def test_a_cell_that_times_out_is_failed_and_the_rest_pending(tmp_path: Path) -> None:
    source = notebook(tmp_path, "a = 1", "import threading; threading.Event().wait()", "print('never')")
    with pytest.raises(CellTimeoutError):
        run_notebook(source, deadline_s=1)
    assert states(tmp_path) == ["completed", "failed", "pending"]
    assert "TimeoutError" in (tmp_path / "out.ipynb").read_text()


def test_a_kernel_that_dies_is_told(tmp_path: Path) -> None:
    source = notebook(tmp_path, "a = 1", "import os; os._exit(3)", "print('never')")
    with pytest.raises(DeadKernelError):
        run_notebook(source)
    assert states(tmp_path) == ["completed", "failed", "pending"]


def test_an_exception_is_told(tmp_path: Path) -> None:
    source = notebook(tmp_path, "a = 1", "1 / 0", "print('never')")
    with pytest.raises(papermill.PapermillExecutionError):
        run_notebook(source)
    assert states(tmp_path) == ["completed", "failed", "pending"]
