"""Fleet throughput, compared with what users would do without this engine, over http and https.

    python -m tests.benchmarks.batch [--tenants N] [--latency-ms MS] [--rounds N] [--https] [--ways A,B]
    python -m tests.benchmarks.batch --keep       # appends what was measured to results.jsonl
    python -m tests.benchmarks.batch --profile    # where the time of a tenant goes

A practice server of healthy tenants with a latency per request; each way as the command that a user would
start, in turn, medians over the rounds. The ways are described in `ways.py`. CPU seconds are those of a way
and of all that it started, and so hardly depend on what else the machine does; how busy others kept it is
told beside.

The environment is the one that this runs in; JupyterLab in it makes every papermill command slower to start.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import resource
import ssl
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import certifi
import psutil

from halo_helpers.practice.control import PracticeServer, start
from halo_helpers.practice.serve import Options
from halo_helpers.tenants.practice import write_practice_tenants
from halo_helpers.tenants.tenants_file import load_tenants

from .profile_tenant import profile
from .ways import SAMPLE, WAYS, first_tenant

RESULTS = Path(__file__).with_name("results.jsonl")
_STOCK = ("cli", "xargs", "pool", "nbclient")
_THERE_CPU_S = {"pool": 0.505, "floor": 0.0245}
"""CPU seconds a tenant of ways without our engine, on the machine where the goals in seconds were set."""


@dataclass(frozen=True)
class Goal:
    """What a figure must be, and what it should be; `most` where less is better, `seconds` where it is time.

    A goal in seconds holds for the machine where it was set.
    """

    words: str
    must: float
    aim: float
    most: bool = False
    seconds: bool = False

    def told(self, value: float, slower: float = 1.0) -> str:
        """Say a figure and whether it meets the goal, on a machine that is so many times slower."""
        counted = value / slower if self.seconds else value
        met = [counted <= bar if self.most else counted >= bar for bar in (self.must, self.aim)]
        word = "aim met" if met[1] else "met" if met[0] else "NOT met"
        bound = "at most" if self.most else "at least"
        there = f", {counted:.2g} there" if counted != value else ""
        return f"{value:g} {self.words}{there} ({bound} {self.must:g}, aim {self.aim:g}: {word})"


def goals(tenants: int) -> dict[str, Goal]:
    """Return the goals for a run of so many tenants."""
    stock = (4.5, 6) if tenants < 50 else (8, 11)
    floor = (1.4, 1.2) if tenants >= 1000 else (1.6, 1.3)
    return {
        "vs_cli": Goal("times the command line in a loop", 45, 80),
        "vs_best_stock": Goal("times the best stock way", *stock),
        "over_floor": Goal("times the wall time of the floor", *floor, most=True),
        "cpu_vs_pool": Goal("times less CPU than the tuned pool", 8, 12),
        "cpu_s": Goal("CPU seconds a tenant", 0.058, 0.042, most=True, seconds=True),
        "start_s": Goal("seconds until the first tenant begins", 1.0, 0.6, most=True, seconds=True),
    }


@dataclass(frozen=True)
class Timed:
    """One way in one round. Times in seconds; `foreign` is how many cores others kept busy meanwhile."""

    rate: float
    cpu_s: float
    peak_mb: float
    foreign: float
    start_s: float | None


def main() -> None:
    """Run the rounds and print medians and ratios."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--tenants", type=int, default=100)
    parser.add_argument("--latency-ms", type=int, default=80, help="of the practice server")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--https", action="store_true", help="the practice server speaks TLS")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--keep", action="store_true", help="append the result to results.jsonl")
    parser.add_argument("--profile", action="store_true", help="print where the time of a tenant goes")
    parser.add_argument("--ways", default="ours,floor,pool,nbclient,xargs,cli", help="of those of ways.py")
    options = parser.parse_args()
    server_options = Options(
        tenants=options.tenants, latency_ms=options.latency_ms, rate_limit="1000000/1", tls=options.https
    )
    with tempfile.TemporaryDirectory() as folder, start(server_options) as server:
        file = Path(folder) / "tenants.yaml"
        write_practice_tenants(file, server.tenants, server.base_url)
        if server.ca_file:  # trusted as the authorities of hosted tenants are, in a list of the usual length
            bundle = Path(folder) / "authorities.pem"
            bundle.write_bytes(_system_list() + Path(server.ca_file).read_bytes())
            os.environ["SSL_CERT_FILE"] = str(bundle)
        if options.profile:
            print(profile(file, options.tenants))
            return
        measured = measure(server, file, options)
    if options.keep:
        with RESULTS.open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(measured) + "\n")
    print(json.dumps(measured) if options.json else words(measured))


def measure(server: PracticeServer, file: Path, options: argparse.Namespace) -> dict[str, Any]:
    """Run every way in turn, as many times as there are rounds, and return medians and ratios."""
    ways, tenants = options.ways.split(","), options.tenants
    names = [tenant.name for tenant in load_tenants(file)]
    seen: dict[str, list[Timed]] = {way: [] for way in ways}
    for _ in range(options.rounds):
        for way in ways:
            seen[way].append(_timed(way, file, names[: SAMPLE.get(way, tenants)], server.pid))
    medians = {way: _median(rounds) for way, rounds in seen.items()}
    return {
        "date": dt.datetime.now(dt.UTC).strftime("%Y-%m-%d"),
        "commit": commit(),
        "cores": os.cpu_count(),
        "memory_gb": round(psutil.virtual_memory().total / 1024**3),
        "system": sys.platform,
        "python": sys.version.split()[0],
        "tenants": tenants,
        "latency_ms": options.latency_ms,
        "scheme": "https" if options.https else "http",
        "rounds": options.rounds,
        "ways": {way: asdict(one) for way, one in medians.items()},
        "ratios": ratios(medians),
    }


def ratios(medians: dict[str, Timed]) -> dict[str, float]:
    """Compare our way with the others that were measured."""
    ours = medians.get("ours")
    if ours is None:
        return {}
    found = {"cpu_s": ours.cpu_s}
    if ours.start_s is not None:
        found["start_s"] = ours.start_s
    stock = [medians[way].rate for way in _STOCK if way in medians]
    if stock:
        found["vs_best_stock"] = round(ours.rate / max(stock), 1)
    if "cli" in medians:
        found["vs_cli"] = round(ours.rate / medians["cli"].rate, 1)
    if "floor" in medians:
        found["over_floor"] = round(medians["floor"].rate / ours.rate, 2)
    if "pool" in medians:
        found["cpu_vs_pool"] = round(medians["pool"].cpu_s / ours.cpu_s, 1)
    return found


def _median(rounds: list[Timed]) -> Timed:
    starts = [one.start_s for one in rounds if one.start_s is not None]
    return Timed(
        rate=round(statistics.median(one.rate for one in rounds), 1),
        cpu_s=round(statistics.median(one.cpu_s for one in rounds), 4),
        peak_mb=round(statistics.median(one.peak_mb for one in rounds)),
        foreign=round(statistics.median(one.foreign for one in rounds), 2),
        start_s=round(statistics.median(starts), 2) if starts else None,
    )


def _timed(way: str, file: Path, names: list[str], server: int) -> Timed:
    """Run the command of one way, and look at what it and everybody else takes meanwhile."""
    with tempfile.TemporaryDirectory() as name, tempfile.TemporaryFile("w+") as given:
        out, command = Path(name), WAYS[way](file, Path(name), names)
        given.write(command.given)
        given.seek(0)
        others = _busy_s() - _cpu_s(server)
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        began, started = dt.datetime.now(dt.UTC), time.monotonic()
        process = subprocess.Popen(
            command.argv, stdin=given, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
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
        cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        foreign = (_busy_s() - _cpu_s(server) - others - cpu_s) / wall
        start_s = (first_tenant(out) - began).total_seconds() if way in {"ours", "dask"} else None
    return Timed(60 * len(names) / wall, cpu_s / len(names), peak[0], max(0.0, foreign), start_s)


def _system_list() -> bytes:
    system = ssl.get_default_verify_paths().cafile
    return Path(system or certifi.where()).read_bytes()


def _busy_s() -> float:
    """Seconds that the machine's cores were busy, all together, since it started."""
    times = psutil.cpu_times()
    return float(sum(times) - times.idle - getattr(times, "iowait", 0.0) - getattr(times, "guest", 0.0))


def _cpu_s(pid: int) -> float:
    times = psutil.Process(pid).cpu_times()
    return float(times.user + times.system)


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


def commit() -> str:
    """Return the commit that was measured, with a plus where the folder differs from it."""
    said = subprocess.run(
        ["git", "describe", "--always", "--dirty=+"],
        capture_output=True,
        text=True,
        check=False,
        cwd=RESULTS.parent,
    )
    return said.stdout.strip()


def words(measured: dict[str, Any]) -> str:
    """Return the table of a measurement, and what it says of the goals."""
    lines = [
        f"{measured['tenants']} tenants, {measured['scheme']}, {measured['latency_ms']} ms a request, "
        f"{measured['rounds']} rounds, {measured['cores']} cores, Python {measured['python']}",
        f"{'way':10} {'tenants/min':>12} {'CPU s/tenant':>13} {'peak MB':>9} {'others, cores':>14}",
    ]
    lines += [
        f"{way:10} {one['rate']:12.1f} {one['cpu_s']:13.4f} {one['peak_mb']:9.0f} {one['foreign']:14.2f}"
        for way, one in measured["ways"].items()
    ]
    wanted, slower = goals(measured["tenants"]), 1.0
    by = next((way for way in _THERE_CPU_S if way in measured["ways"]), None)
    if by:
        slower = measured["ways"][by]["cpu_s"] / _THERE_CPU_S[by]
        lines.append(
            f"{by} takes {slower:.1f} times the CPU here that it took where the goals in seconds were set"
        )
    lines += [
        f"ours: {wanted[name].told(value, slower)}"
        for name, value in measured["ratios"].items()
        if name not in {"vs_cli", "cpu_vs_pool", "cpu_s"} or measured["tenants"] >= 50
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
