"""papermill's record of a run without its untruths, and the parameters of a notebook."""

from __future__ import annotations

import ast
import sys
from typing import Any

from click import ClickException
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbformat.v4 import new_output
from papermill.engines import NotebookExecutionManager


class UnknownParameterError(ClickException):
    """A parameter that the notebook does not have; papermill's command says so in one line."""

    exit_code = 2


class TruthfulManager(NotebookExecutionManager):  # type: ignore[misc]
    """Keeps papermill's record of a run, without calling unfinished cells completed."""

    def cell_complete(self, cell: Any, cell_index: int | None = None, **kwargs: Any) -> None:
        """Finish a cell; papermill calls this also while an exception is on its way out."""
        error = sys.exc_info()[1]
        if error is not None:
            self.cell_exception(cell, cell_index, exception=error)
            _say_in_cell(cell, error)
        super().cell_complete(cell, cell_index, **kwargs)

    def notebook_complete(self, **kwargs: Any) -> None:
        """Finish the notebook: after a failure, cells that were not reached stay pending."""
        failed = any(cell.metadata.papermill["status"] == self.FAILED for cell in self.nb.cells)
        pending = [cell for cell in self.nb.cells if cell.metadata.papermill["status"] == self.PENDING]
        super().notebook_complete(**kwargs)
        if failed:
            for cell in pending:
                cell.metadata.papermill["status"] = self.PENDING
            self.save()


def finish_after_timeout(nb_man: Any, cell: Any, index: int, error: Exception) -> None:
    """Mark the cell under way as failed, from within it, and finish the notebook's record."""
    nb_man.cell_exception(cell, cell_index=index)
    _say_in_cell(cell, error)
    nb_man.cell_complete(cell, cell_index=index)
    if nb_man.start_time is not None:
        nb_man.notebook_complete()


def refuse_unknown(nb: Any, given: dict[str, Any]) -> None:
    """Compare parameters with the names that the notebook's `parameters` cell sets.

    Raises: UnknownParameterError with the known names.
    """
    known = parameter_names(nb)
    unknown = sorted(set(given) - known)
    if unknown:
        raise UnknownParameterError(
            f"the notebook has no parameter {', '.join(unknown)}; it has {', '.join(sorted(known)) or 'none'}"
        )


def parameter_names(nb: Any) -> set[str]:
    """Return the names that the cell tagged `parameters` sets."""
    names: set[str] = set()
    for cell in nb.cells:
        if "parameters" in cell.metadata.get("tags", []):
            for node in ast.parse(cell.source).body:
                targets = (
                    node.targets
                    if isinstance(node, ast.Assign)
                    else [node.target]
                    if isinstance(node, ast.AnnAssign)
                    else []
                )
                names.update(target.id for target in targets if isinstance(target, ast.Name))
    return names


def _say_in_cell(cell: Any, error: BaseException) -> None:
    """Put the reason into the cell's outputs, where the kernel could not put it itself."""
    reasons = {
        CellTimeoutError: ("TimeoutError", "the cell was stopped: the time for this tenant was up"),
        DeadKernelError: ("DeadKernelError", "the kernel died while this cell ran"),
    }
    for kind, (name, text) in reasons.items():
        if isinstance(error, kind) and cell.get("cell_type") == "code":
            cell.outputs.append(new_output("error", ename=name, evalue=text, traceback=[f"{name}: {text}"]))
