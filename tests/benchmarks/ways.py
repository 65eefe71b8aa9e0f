"""The ways to verify the tenants of a file that the benchmark compares, each called in a process of its own.

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
import tempfile
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from halo_helpers.tenants.tenants_file import load_tenants

NOTEBOOK = Path(__file__).parents[2] / "notebooks" / "verify-tenant.ipynb"
SAMPLE = {"cli": 6, "xargs": 16, "pool": 48, "nbclient": 48}
"""How many tenants are enough for a way whose rate does not depend on them."""
KNOBS: dict[str, Any] = {
    "progress_bar": False,
    "request_save_on_cell_execute": False,
    "autosave_cell_every": 0,
    "kernel_name": "python3",
}


def _parameters(file: Path, count: int) -> list[dict[str, str]]:
    return [{"tenant": tenant.name, "tenants_file": str(file)} for tenant in load_tenants(file)[:count]]


def _ours(file: Path, count: int, *options: str) -> float:
    names = [word for p in _parameters(file, count) for word in ("--tenant", p["tenant"])]
    with tempfile.TemporaryDirectory() as out:
        began = dt.datetime.now(dt.UTC)
        subprocess.run(
            [sys.executable, "-m", "halo_helpers", "batch", str(file), "--out", out, *options, *names],
            check=True,
            capture_output=True,
        )
        return (_first_tenant(Path(out)) - began).total_seconds()


def _dask(file: Path, count: int) -> float:
    from distributed import LocalCluster

    with LocalCluster(n_workers=4, threads_per_worker=16, dashboard_address=None) as cluster:
        return _ours(file, count, "--dask", cluster.scheduler_address)


def _first_tenant(out: Path) -> dt.datetime:
    """Return when papermill began with the first notebook of a run."""
    run = next(path for path in out.iterdir() if (path / "run.json").exists())
    notebooks = [json.loads(path.read_text(encoding="utf-8")) for path in run.glob("*.ipynb")]
    return min(dt.datetime.fromisoformat(one["metadata"]["papermill"]["start_time"]) for one in notebooks)


def _command(p: dict[str, str], out: str) -> list[str]:
    return [
        "papermill",
        str(NOTEBOOK),
        f"{out}/{p['tenant']}.ipynb",
        "-k",
        "python3",
        "--no-progress-bar",
        "-p",
        "tenant",
        p["tenant"],
        "-p",
        "tenants_file",
        p["tenants_file"],
    ]


def _cli(file: Path, count: int) -> None:
    with tempfile.TemporaryDirectory() as out:
        for p in _parameters(file, count):
            subprocess.run(
                [str(Path(sys.executable).parent / "papermill"), *_command(p, out)[1:]],
                check=True,
                capture_output=True,
            )


def _xargs(file: Path, count: int) -> None:
    with tempfile.TemporaryDirectory() as out:
        lines = "\n".join(p["tenant"] for p in _parameters(file, count))
        command = _command({"tenant": "{}", "tenants_file": str(file)}, out)
        command[0] = str(Path(sys.executable).parent / "papermill")
        subprocess.run(
            ["xargs", "-P", "4", "-I", "{}", *command],
            input=lines,
            text=True,
            check=True,
            capture_output=True,
        )


def _one_by_api(p: dict[str, str], out: str) -> None:
    import papermill

    for _ in range(3):
        # kernels started at the same time now and then take each other's port
        with contextlib.suppress(RuntimeError):
            papermill.execute_notebook(
                NOTEBOOK, f"{out}/{p['tenant']}.ipynb", parameters=p, shutdown_kernel="immediate", **KNOBS
            )
            return
    raise RuntimeError("the kernel did not start")


def _pool(file: Path, count: int) -> None:
    with tempfile.TemporaryDirectory() as out, ProcessPoolExecutor(4) as pool:
        for future in [pool.submit(_one_by_api, p, out) for p in _parameters(file, count)]:
            future.result()


def _nbclient(file: Path, count: int) -> None:
    import nbformat
    from nbclient import NotebookClient
    from papermill.parameterize import parameterize_notebook

    async def one(p: dict[str, str], room: asyncio.Semaphore, out: str) -> None:
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

    async def every(out: str) -> None:
        room = asyncio.Semaphore(8)
        await asyncio.gather(*(one(p, room, out) for p in _parameters(file, count)))

    with tempfile.TemporaryDirectory() as out:
        asyncio.run(every(out))


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


def _floor(file: Path, count: int) -> None:
    """Make the requests of a verification in the same order of waiting: what needs an answer waits for it."""
    import ssl

    import httpx

    tenants = load_tenants(file)[:count]
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


WAYS: dict[str, Callable[[Path, int], float | None]] = {
    "ours": _ours,
    "cli": _cli,
    "xargs": _xargs,
    "pool": _pool,
    "nbclient": _nbclient,
    "dask": _dask,
    "floor": _floor,
}
"""By name; one that can tell returns how long it took until the first tenant began, in seconds."""
