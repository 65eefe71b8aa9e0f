"""One tenant's notebook by papermill: in a forked child, or as `python -m halo_helpers.engine.by_papermill` (floor 6).

As a program, where processes cannot be forked, it takes the job as one JSON object on standard input, without a
secret, and answers with one JSON line on standard output; the kernel resolves the secret from its reference.
"""

from __future__ import annotations

import errno
import json
import logging
import sys
import warnings
from typing import Any

NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
"""What the system says when nothing more can be written."""


def run_job(job: dict[str, Any]) -> dict[str, str]:
    """Run a notebook by papermill.

    Shape of the job: notebook, output, parameters, deadline_s. Of the answer: status (`ok`, `timeout`,
    `crashed`, `refused`, `no-room`) and message.
    """
    warnings.filterwarnings("ignore", category=DeprecationWarning)
    logging.getLogger("papermill").setLevel(logging.CRITICAL)
    import papermill
    from nbclient.exceptions import CellTimeoutError, DeadKernelError
    from papermill.exceptions import PapermillExecutionError

    from .entry_point import NAME
    from .fork_server import asker
    from .papermill_engine import UnknownParameterError

    try:
        papermill.execute_notebook(
            job["notebook"], job["output"], parameters=job["parameters"], engine_name=NAME, kernel_name="python3",
            progress_bar=False, autosave_cell_every=0, cwd=job["cwd"], request_save_on_cell_execute=not asker.SUPPORTED,
            extra_arguments=["--log-level=ERROR"], execution_timeout=job.get("cell_timeout_s"),
            deadline_s=job["deadline_s"],
        )  # fmt: skip
    except UnknownParameterError as error:
        return {"status": "refused", "message": str(error)}
    except CellTimeoutError:
        return {"status": "timeout", "message": f"the notebook was stopped after {job['deadline_s']:g} s"}
    except DeadKernelError:
        return {"status": "crashed", "message": "the kernel died"}
    except PapermillExecutionError as error:
        return {"status": "crashed", "message": f"cell {error.exec_count}: {error.ename}: {error.evalue}"}
    except OSError as error:
        if error.errno not in NO_ROOM:
            raise
        return {"status": "no-room", "message": str(error.strerror)}
    return {"status": "ok", "message": ""}


def main() -> int:
    """Read the job, run it, answer."""
    job = json.loads(sys.stdin.readline())
    # what papermill or a kernel prints goes to standard error; standard output is for the answer
    answer_to, sys.stdout = sys.stdout, sys.stderr
    try:
        answer = run_job(job)
    except Exception as error:
        answer = {"status": "crashed", "message": f"{type(error).__name__}: {error}"}
    answer_to.write(json.dumps(answer) + "\n")
    answer_to.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
