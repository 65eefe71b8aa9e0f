"""Our fleet run beside what people would do today, in one go: tenants a minute, CPU a tenant, memory.

    python -m tests.benchmarks.batch [--tenants N] [--latency-ms N] [--rounds N] [--json]

Ways, each in a process of its own, in turn, medians over the rounds:

- ours: `halo-runbook batch`, start-up included
- cli: the papermill command line in a loop (a sample of the tenants: the rate does not depend on their
number)
- xargs: `xargs -P 4` of it (a sample)
- pool: papermill's API in four processes, with every setting that makes it faster
- nbclient: eight kernels at a time in one process
- floor: the same requests by httpx alone, 64 tenants at a time, one TLS context

The environment is the one that this runs in; JupyterLab in it makes every papermill command slower to start.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import psutil

from halo_helpers.practice.control import ask, start
from halo_helpers.practice.serve import Options
from halo_helpers.tenants.practice import write_practice_tenants
from halo_helpers.tenants.tenants_file import load_tenants

NOTEBOOK = Path(__file__).parents[2] / "notebooks" / "verify-tenant.ipynb"
WAYS = ("ours", "floor", "pool", "nbclient", "xargs", "cli")
SAMPLE = {"cli": 6, "xargs": 16, "pool": 48, "nbclient": 48}
KNOBS: dict[str, Any] = {
    "progress_bar": False,
    "request_save_on_cell_execute": False,
    "autosave_cell_every": 0,
    "kernel_name": "python3",
}


def main() -> None:
    """Run the rounds and print medians and ratios; or, called by itself, one way."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--tenants", type=int, default=100)
    parser.add_argument("--latency-ms", type=int, help="of the practice server; without it, 80 and then 0")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--ways", default=",".join(WAYS), help="which, separated by commas")
    parser.add_argument("--one", nargs=3, metavar=("WAY", "FILE", "COUNT"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        way, file, count = options.one
        _WAYS[way](Path(file), int(count))
        return
    latencies = [80, 0] if options.latency_ms is None else [options.latency_ms]
    first, *others = [
        measure(options.tenants, latency_ms, options.rounds, options.ways.split(","))
        for latency_ms in latencies
    ]
    if options.json:
        print(json.dumps(first | {f"at_{other['latency_ms']}_ms": other for other in others}))
    else:
        print("\n\n".join(map(_words, (first, *others))))


def measure(tenants: int, latency_ms: int, rounds: int, ways: list[str]) -> dict[str, Any]:
    """Run every way in turn, `rounds` times."""
    measured: dict[str, list[tuple[float, float, float]]] = {way: [] for way in ways}
    with (
        tempfile.TemporaryDirectory() as folder,
        start(Options(tenants=tenants, latency_ms=latency_ms, rate_limit="1000000/1")) as server,
    ):
        file = Path(folder) / "tenants.yaml"
        write_practice_tenants(file, server.tenants, server.base_url)
        for _ in range(rounds):
            for way in ways:
                count = min(tenants, SAMPLE.get(way, tenants))
                wall, cpu, peak = _timed(way, file, count)
                measured[way].append((60 * count / wall, cpu / count, peak))
        made = len(ask(server.base_url, "tenants/tenant-001/requests")["requests"])
    medians = {
        way: [statistics.median(column) for column in zip(*values, strict=True)]
        for way, values in measured.items()
    }
    result: dict[str, Any] = {
        "tenants": tenants,
        "latency_ms": latency_ms,
        "rounds": rounds,
        "cores": os.cpu_count(),
        "python": sys.version.split()[0],
        "requests_seen_by_one_tenant": made,
        "tenants_per_min": {way: round(values[0], 1) for way, values in medians.items()},
        "cpu_s_per_tenant": {way: round(values[1], 4) for way, values in medians.items()},
        "peak_mb": {way: round(values[2]) for way, values in medians.items()},
    }
    rate, cpu = result["tenants_per_min"], result["cpu_s_per_tenant"]
    stock = [rate[way] for way in ("cli", "xargs", "pool", "nbclient") if way in rate]
    if "ours" in rate:
        result |= {
            "vs_cli": round(rate["ours"] / rate["cli"], 1) if "cli" in rate else None,
            "vs_best_stock": round(rate["ours"] / max(stock), 1) if stock else None,
            "over_floor": round(rate["floor"] / rate["ours"], 2) if "floor" in rate else None,
            "cpu_vs_pool": round(cpu["pool"] / cpu["ours"], 1) if "pool" in cpu else None,
        }
    return result


def _timed(way: str, file: Path, count: int) -> tuple[float, float, float]:
    """Run one way in a process; return seconds, CPU seconds with its children, and peak memory in MB."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.benchmarks.batch", "--one", way, str(file), str(count)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    peak = [0.0]
    watcher = threading.Thread(target=_watch, args=(process.pid, peak))
    watcher.start()
    _, said = process.communicate()
    wall = time.monotonic() - started
    watcher.join()
    if process.returncode:
        raise SystemExit(f"{way} failed: {said.decode()[-2000:]}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, peak[0]


def _watch(pid: int, peak: list[float]) -> None:
    """Look at the memory that a process and its descendants really take (shared pages once), now and then."""
    while psutil.pid_exists(pid):
        total = 0
        try:
            root = psutil.Process(pid)
            if root.status() == psutil.STATUS_ZOMBIE:
                return
            for process in [root, *root.children(recursive=True)]:
                try:
                    total += process.memory_full_info().pss
                except psutil.Error:
                    continue
        except psutil.Error:
            return
        peak[0] = max(peak[0], total / 1024 / 1024)
        time.sleep(0.5)


# --- the ways ---


def _parameters(file: Path, count: int) -> list[dict[str, str]]:
    return [{"tenant": tenant.name, "tenants_file": str(file)} for tenant in load_tenants(file)[:count]]


def _ours(file: Path, count: int) -> None:
    names = [word for p in _parameters(file, count) for word in ("--tenant", p["tenant"])]
    with tempfile.TemporaryDirectory() as out:
        subprocess.run(
            [sys.executable, "-m", "halo_helpers", "batch", str(file), "--out", out, *names],
            check=True,
            capture_output=True,
        )


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
        await asyncio.gather(*(one(tenant, room) for tenant in load_tenants(file)[:count]))

    asyncio.run(every())


_WAYS: dict[str, Callable[[Path, int], None]] = {
    "ours": _ours,
    "cli": _cli,
    "xargs": _xargs,
    "pool": _pool,
    "nbclient": _nbclient,
    "floor": _floor,
}
_GOALS = {
    "vs_cli": (45, "times the command line in a loop"),
    "vs_best_stock": (8, "times the best stock way"),
    "cpu_vs_pool": (8, "times less CPU than the tuned pool"),
}


def _words(result: dict[str, Any]) -> str:
    lines = [
        (
            f"{result['tenants']} tenants, {result['latency_ms']} ms a request, {result['rounds']} "
            f"rounds, {result['cores']} cores, Python {result['python']}"
        ),
        f"{'way':10} {'tenants/min':>12} {'CPU s/tenant':>13} {'peak MB':>9}",
    ]
    lines += [
        f"{way:10} {rate:12.1f} {result['cpu_s_per_tenant'][way]:13.3f} {result['peak_mb'][way]:9}"
        for way, rate in result["tenants_per_min"].items()
    ]
    for name, (goal, words) in _GOALS.items():
        if result.get(name) is not None:
            lines.append(
                f"ours: {result[name]:g} {words} (goal: at least {goal}, "
                f"{'met' if result[name] >= goal else 'NOT met'})"
            )
    if result.get("over_floor") is not None:
        lines.append(
            f"ours: {result['over_floor']:g} times the wall time of the floor (goal: at most 3, "
            f"{'met' if result['over_floor'] <= 3 else 'NOT met'})"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    main()
