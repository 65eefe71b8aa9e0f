"""One tenant's notebook by papermill: in a forked child, or as `python -m halo_helpers.engine.by_papermill`.

As a program, where processes cannot be forked, it takes the job as one JSON object on standard input, without
a secret, and answers with one JSON line on standard output; the kernel resolves the secret from its
reference.
"""

from __future__ import annotations

import errno
import json
import logging
import sys
import warnings

from ..system.account import forbid_core_dumps
from ..system.spared_imports import load_jsonschema
from .job import FORKS, NAME, Answer, FileJob

NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
"""What the system says when nothing more can be written."""


def run_job(job: FileJob) -> Answer:
    """Run a notebook by papermill; whatever becomes of it is the answer's status.

    Raises: OSError other than one of `NO_ROOM`.
    """
    warnings.filterwarnings("ignore", category=DeprecationWarning)
    logging.getLogger("papermill").setLevel(logging.CRITICAL)
    load_jsonschema()
    import papermill
    from nbclient.exceptions import CellTimeoutError, DeadKernelError
    from papermill.exceptions import PapermillExecutionError

    from .record import UnknownParameterError

    try:
        papermill.execute_notebook(
            job.notebook,
            job.output,
            parameters=job.parameters,
            engine_name=NAME,
            kernel_name="python3",
            progress_bar=False,
            autosave_cell_every=0,
            cwd=job.cwd,
            request_save_on_cell_execute=not FORKS,
            extra_arguments=["--log-level=ERROR"],
            execution_timeout=job.cell_timeout_s,
            deadline_s=job.deadline_s,
        )
    except UnknownParameterError as error:
        return Answer("refused", str(error))
    except CellTimeoutError:
        return Answer("timeout", f"the notebook was stopped after {job.deadline_s:g} s")
    except DeadKernelError:
        return Answer("crashed", "the kernel died")
    except PapermillExecutionError as error:
        return Answer("crashed", f"cell {error.exec_count}: {error.ename}: {error.evalue}")
    except OSError as error:
        if error.errno not in NO_ROOM:
            raise
        return Answer("no-room", str(error.strerror))
    return Answer("ok")


def main() -> int:
    """Read the job, run it, answer."""
    forbid_core_dumps()
    job = FileJob.from_json(json.loads(sys.stdin.readline()))
    # what papermill or a kernel prints goes to standard error; standard output is for the answer
    answer_to, sys.stdout = sys.stdout, sys.stderr
    try:
        answer = run_job(job)
    except Exception as error:
        answer = Answer("crashed", f"{type(error).__name__}: {error}")
    answer_to.write(json.dumps(answer.as_json()) + "\n")
    answer_to.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
