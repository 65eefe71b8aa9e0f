"""What is asked of a process that runs a notebook, and what it answers: the names and types of the engine."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass, field, replace
from typing import Any, Literal, Self

from ..errors import SecretError
from ..secrets.value import Secret, Unresolved
from ..tenants.tenant import Tenant
from ..tenants.trust import resolve_for

NAME = "halo-runbook"
"""The name of this engine in papermill."""
FORKS = sys.platform == "linux" and os.environ.get("HALO_RUNBOOK_ENGINE") != "kernel"
"""Whether processes are forked, which is safe on Linux only. Elsewhere stock kernels run the notebooks,
and where the environment asks for them: by it the tests try that way on Linux, too."""
ENGINE = "halo-runbook/fork" if FORKS else "halo-runbook/kernel"
"""How notebooks are run on this system; a run's manifest and each judgement name it."""
STARTING_S = 45.0
"""Time that a process gets on top of the notebook's, to start and to stop."""

Status = Literal["ok", "timeout", "crashed", "refused", "no-room", "stopped"]
Json = dict[str, Any]


@dataclass(frozen=True)
class FileJob:
    """Run one notebook file by papermill. Times are in seconds; `tenant` is handed to the notebook's process.

    A `tenant` holds a reference until `as_line` resolves it; only the process that takes the job holds the
    value.
    """

    notebook: str
    output: str
    cwd: str
    parameters: Json
    deadline_s: float | None
    cell_timeout_s: float | None = None
    tenant: Tenant | None = field(default=None, repr=False)

    def as_json(self) -> Json:
        """Return all but the tenant."""
        return {
            "notebook": self.notebook,
            "output": self.output,
            "cwd": self.cwd,
            "parameters": self.parameters,
            "deadline_s": self.deadline_s,
            "cell_timeout_s": self.cell_timeout_s,
        }

    @classmethod
    def from_json(cls, value: Json) -> Self:
        """Read what `as_json` or `as_line` wrote."""
        return cls(
            notebook=value["notebook"],
            output=value["output"],
            cwd=value["cwd"],
            parameters=value["parameters"],
            deadline_s=value["deadline_s"],
            cell_timeout_s=value["cell_timeout_s"],
            tenant=_tenant_of(value) if "tenant" in value else None,
        )

    def as_line(self) -> bytes:
        """Return the job with its tenant, secret included, for the private connection to a forked child.

        The one place where a tenant's secret is resolved for a notebook, and put into a text. Where it does
        not resolve, the reason goes along, and the notebook says it.
        """
        value = self.as_json()
        if self.tenant is not None:
            value |= {"tenant": self.tenant.as_json(), **_secret_of(self.tenant)}
        return json.dumps(value).encode() + b"\n"

    def without_tenant(self) -> Self:
        """Return the same job for those who run it, none of whom needs the tenant."""
        return replace(self, tenant=None)


def entry_of(tenant: Tenant) -> Json:
    """Return a tenant for a process that resolves its secret itself: the reference, or why it is not used."""
    given = tenant.client_secret
    if isinstance(given, Unresolved):
        return {"tenant": tenant.as_json(), "refused": given.reason, "code": given.code}
    return {"tenant": tenant.as_json(), "reference": given if isinstance(given, str) else ""}


def _secret_of(tenant: Tenant) -> Json:
    try:
        secret = resolve_for(tenant, interactive=False)
    except SecretError as error:
        return {"refused": error.seen, "code": error.code}
    return {"secret": secret.reveal(), "source": secret.source, "was_trimmed": secret.was_trimmed}


def _tenant_of(value: Json) -> Tenant:
    if "refused" in value:
        return Tenant.from_json(value["tenant"], Unresolved(value["refused"], value["code"]))
    secret = Secret(value["secret"], source=value["source"])
    secret.was_trimmed = value["was_trimmed"]
    return Tenant.from_json(value["tenant"], secret)


@dataclass(frozen=True)
class CellsJob:
    """Run the cells of a notebook that papermill has prepared. `nb` is its text; times are in seconds."""

    nb: str
    cwd: str
    options: Json
    deadline_s: float | None
    cell_timeout_s: float | None = None

    def as_line(self) -> bytes:
        """Return the job as one line for the connection to a forked child."""
        value = {
            "nb": self.nb,
            "cwd": self.cwd,
            "options": self.options,
            "deadline_s": self.deadline_s,
            "cell_timeout_s": self.cell_timeout_s,
        }
        return json.dumps(value).encode() + b"\n"

    @classmethod
    def from_json(cls, value: Json) -> Self:
        """Read what `as_line` wrote."""
        return cls(**value)


def job_of(line: bytes) -> FileJob | CellsJob:
    """Read a job from its line.

    Raises: ValueError when the line is cut off.
    """
    value = json.loads(line)
    return FileJob.from_json(value) if "output" in value else CellsJob.from_json(value)


@dataclass(frozen=True)
class Answer:
    """How a job ended. `evidence` is the Verification as JSON, `nb` the executed notebook of a `CellsJob`."""

    status: Status
    message: str = ""
    evidence: Json | None = None
    nb: str | None = None

    def as_json(self) -> Json:
        """Return plain data for the line that carries it."""
        return {
            "status": self.status,
            "message": self.message,
            "evidence": self.evidence,
            "nb": self.nb,
        }

    @classmethod
    def from_json(cls, value: Json) -> Self:
        """Read what `as_json` wrote; what is missing is empty."""
        return cls(value["status"], value.get("message", ""), value.get("evidence"), value.get("nb"))


@dataclass
class Outcome:
    """What came of a job: the last answer, and the cells that were told while it ran."""

    answer: Answer
    cells: dict[int, Json | None] = field(default_factory=dict)
    """By index; None for a cell that began and did not end."""
