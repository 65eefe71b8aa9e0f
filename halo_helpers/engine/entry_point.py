"""The entry point of our papermill engine.

papermill imports every registered engine whenever it is imported itself: this module stays light, and the
engine is loaded when it is first used.
"""

from __future__ import annotations

from typing import Any


class HaloEngine:
    """Stands for `halo_helpers.engine.papermill_engine.HaloEngine` in papermill's list of engines."""

    @classmethod
    def execute_notebook(cls, nb: Any, kernel_name: str, *args: Any, **kwargs: Any) -> Any:
        """Run a notebook; see `halo_helpers.engine.papermill_engine.HaloEngine.execute_notebook`."""
        from .papermill_engine import HaloEngine as Engine

        return Engine.execute_notebook(nb, kernel_name, *args, **kwargs)

    @classmethod
    def nb_kernel_name(cls, nb: Any, name: str | None = None) -> str:
        """Return the kernel that the notebook names."""
        from papermill.utils import nb_kernel_name

        return str(nb_kernel_name(nb, name))

    @classmethod
    def nb_language(cls, nb: Any, language: str | None = None) -> str:
        """Return the language that the notebook names."""
        from papermill.utils import nb_language

        return str(nb_language(nb, language))
