"""The ways to verify the tenants of a file that the benchmark compares, each a command as a user starts it.

- ours: `halo-runbook batch`, start-up included
- cli: the papermill command line in a loop (a sample: the rate does not depend on their number)
- xargs: `xargs -P 4` of it (a sample)
- pool: papermill's API in four processes, with every setting that makes it faster
- nbclient: eight kernels at a time in one process
- dask: `halo-runbook batch --dask` over four worker processes of this machine, their start included
- floor: the same requests by httpx alone, 64 tenants at a time, one TLS context
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

NOTEBOOK = Path(__file__).parents[2] / "notebooks" / "verify-tenant.ipynb"
SAMPLE = {"cli": 6, "xargs": 16, "pool": 48, "nbclient": 48}
"""How many tenants are enough for a way whose rate does not depend on them."""
KNOBS: dict[str, Any] = {
    "progress_bar": False,
    "request_save_on_cell_execute": False,
    "autosave_cell_every": 0,
    "kernel_name": "python3",
}


@dataclass(frozen=True)
class Command:
    """What is started for a way, and what it reads from standard input."""

    argv: list[str]
    given: str = ""


def _ours(file: Path, out: Path, _: list[str]) -> Command:
    return Command([sys.executable, "-m", "halo_helpers", "batch", str(file), "--out", str(out)])


def _papermill(file: Path, out: Path, tenant: str) -> list[str]:
    command = [str(Path(sys.executable).parent / "papermill"), str(NOTEBOOK), f"{out}/{tenant}.ipynb"]
    command += ["-k", "python3", "--no-progress-bar", "-p", "tenant", tenant, "-p", "tenants_file", str(file)]
    return command


def _cli(file: Path, out: Path, names: list[str]) -> Command:
    loop = f"for tenant; do {' '.join(_papermill(file, out, '$tenant'))} || exit 1; done"
    return Command(["sh", "-c", loop, "sh", *names])


def _xargs(file: Path, out: Path, names: list[str]) -> Command:
    return Command(["xargs", "-P", "4", "-I", "{}", *_papermill(file, out, "{}")], "\n".join(names))


def _by_api(way: str) -> Callable[[Path, Path, list[str]], Command]:
    """Return the command of a way that is a Python script of its own: this module."""

    def command(file: Path, out: Path, names: list[str]) -> Command:
        return Command([sys.executable, "-m", "tests.benchmarks.ways", way, str(file), str(out), *names])

    return command


def first_tenant(out: Path) -> dt.datetime:
    """Return when papermill began with the first notebook of a run of ours."""
    run = next(path for path in out.iterdir() if (path / "run.json").exists())
    notebooks = [json.loads(path.read_text(encoding="utf-8")) for path in run.glob("*.ipynb")]
    return min(dt.datetime.fromisoformat(one["metadata"]["papermill"]["start_time"]) for one in notebooks)


# --- the scripts ---


def _parameters(file: Path, names: list[str]) -> list[dict[str, str]]:
    return [{"tenant": name, "tenants_file": str(file)} for name in names]


def _dask(file: Path, out: Path, _: list[str]) -> None:
    from distributed import LocalCluster

    with LocalCluster(n_workers=4, threads_per_worker=16, dashboard_address=None) as cluster:
        ours = [*_ours(file, out, []).argv, "--dask", cluster.scheduler_address]
        subprocess.run(ours, check=True, capture_output=True)


def _one_by_api(p: dict[str, str], out: Path) -> None:
    import papermill

    for _ in range(3):
        # kernels started at the same time now and then take each other's port
        with contextlib.suppress(RuntimeError):
            papermill.execute_notebook(
                NOTEBOOK, f"{out}/{p['tenant']}.ipynb", parameters=p, shutdown_kernel="immediate", **KNOBS
            )
            return
    raise RuntimeError("the kernel did not start")


def _pool(file: Path, out: Path, names: list[str]) -> None:
    from concurrent.futures import ProcessPoolExecutor

    with ProcessPoolExecutor(4) as pool:
        for future in [pool.submit(_one_by_api, p, out) for p in _parameters(file, names)]:
            future.result()


def _nbclient(file: Path, out: Path, names: list[str]) -> None:
    import nbformat
    from nbclient import NotebookClient
    from papermill.parameterize import parameterize_notebook

    async def one(p: dict[str, str], room: asyncio.Semaphore) -> None:
        async with room:
            nb = nbformat.read(NOTEBOOK, 4)
            for cell in nb.cells:
                cell.metadata.setdefault("tags", [])
            nb.metadata.papermill = {}
            nb = parameterize_notebook(nb, p)
            for _ in range(3):
                with contextlib.suppress(RuntimeError):
                    await NotebookClient(
                        nb, kernel_name="python3", shutdown_kernel="immediate"
                    ).async_execute()
                    break
            nbformat.write(nb, f"{out}/{p['tenant']}.ipynb")

    async def every() -> None:
        room = asyncio.Semaphore(8)
        await asyncio.gather(*(one(p, room) for p in _parameters(file, names)))

    asyncio.run(every())


AREAS = (
    "Users",
    "Client",
    "Asset",
    "Item",
    "Appointment",
    "SLA",
    "KBArticle",
    "ClientContract",
    "Invoice",
    "Quotation",
    "Supplier",
    "Opportunities",
    "Report",
    "Team",
    "TicketType",
    "Webhook?type=0",
)


def _floor(file: Path, _: Path, names: list[str]) -> None:
    """Make the requests of a verification in the same order of waiting: what needs an answer waits for it."""
    import ssl

    import httpx

    from halo_helpers.tenants.tenants_file import load_tenants

    tenants = [tenant for tenant in load_tenants(file) if tenant.name in set(names)]
    context = ssl.create_default_context()

    async def one(tenant: Any, room: asyncio.Semaphore) -> None:
        secret = (file.parent / tenant.client_secret.removeprefix("file:")).read_text().strip()
        form = {
            "grant_type": "client_credentials",
            "client_id": tenant.client_id,
            "scope": " ".join(tenant.scopes),
        }
        async with room, httpx.AsyncClient(verify=context, base_url=tenant.base_url, trust_env=False) as http:
            query = urlencode({"tenant": tenant.halo_tenant})
            await http.get(f"/api/authinfo?{query}")
            await http.get(f"/api/InstanceInfo?{query}")
            given = await http.post(f"/auth/token?{query}", data=form | {"client_secret": secret})
            http.headers["Authorization"] = f"Bearer {given.json()['access_token']}"
            await asyncio.gather(
                http.post(f"/auth/token?{query}", data=form | {"client_secret": "x" * 73}),
                http.post(
                    f"/auth/token?{query}", data=form | {"client_secret": secret, "scope": "admin all"}
                ),
                http.get("/api/Agent/me"),
            )
            tickets = http.get("/api/Tickets?pageinate=true&page_size=1&page_no=1&count=1")
            rest = [
                http.get(f"/api/{area}{'&' if '?' in area else '?'}pageinate=true&page_size=1")
                for area in AREAS
            ]
            found, *_ = await asyncio.gather(
                tickets, http.get("/api/Agent/27"), http.get("/api/Agent?includedisabled=true"), *rest
            )
            await http.get(f"/api/Actions?ticket_id={found.json()['tickets'][0]['id']}")

    async def every() -> None:
        room = asyncio.Semaphore(64)
        await asyncio.gather(*(one(tenant, room) for tenant in tenants))

    asyncio.run(every())


SCRIPTS: dict[str, Callable[[Path, Path, list[str]], None]] = {
    "pool": _pool,
    "nbclient": _nbclient,
    "dask": _dask,
    "floor": _floor,
}
WAYS: dict[str, Callable[[Path, Path, list[str]], Command]] = {
    "ours": _ours,
    "cli": _cli,
    "xargs": _xargs,
    **{way: _by_api(way) for way in SCRIPTS},
}
"""By name; each takes the tenants file, the folder for what is written, and the tenants' names."""


if __name__ == "__main__":
    SCRIPTS[sys.argv[1]](Path(sys.argv[2]), Path(sys.argv[3]), sys.argv[4:])
