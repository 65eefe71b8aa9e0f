"""How long a person waits for one command: `check`, `--help`, and the import of the package.

    python -m tests.benchmarks.command [--latency-ms MS] [--rounds N] [--keep]

A practice tenant with a latency per request; medians. `check` is compared with its longest chain of round
trips, below which nothing can bring it; what starts is compared with Python that starts and does nothing.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from halo_helpers.practice.control import start
from halo_helpers.practice.serve import Options
from halo_helpers.tenants.practice import write_practice_tenants

from .batch import RESULTS, commit

CHAIN = 7
"""authinfo, InstanceInfo, the token, the agent and the control, and three rounds of the areas."""


def main() -> None:
    """Measure each command in turn, as often as there are rounds."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--latency-ms", type=int, default=80, help="of the practice server")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--keep", action="store_true", help="append the result to results.jsonl")
    options = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as folder,
        start(Options(tenants=1, latency_ms=options.latency_ms)) as server,
    ):
        file = Path(folder) / "tenants.yaml"
        write_practice_tenants(file, server.tenants, server.base_url)
        command = ["-m", "halo_helpers"]
        ways = {
            "python": ["-c", ""],
            "import": ["-c", "import halo_helpers"],
            "help": [*command, "--help"],
            "check": [*command, "check", server.tenants[0]["name"], "--tenants-file", str(file)],
        }
        seen: dict[str, list[float]] = {way: [] for way in ways}
        for _ in range(options.rounds):
            for way, words in ways.items():
                seen[way].append(_wall_s(words))
    wall = {way: round(statistics.median(walls), 3) for way, walls in seen.items()}
    chain_s = CHAIN * options.latency_ms / 1000
    measured = {
        "date": dt.datetime.now(dt.UTC).strftime("%Y-%m-%d"),
        "commit": commit(),
        "python": sys.version.split()[0],
        "latency_ms": options.latency_ms,
        "rounds": options.rounds,
        "wall_s": wall,
        "ratios": {"check_over_chain": round(wall["check"] / chain_s, 2)},
    }
    if options.keep:
        with RESULTS.open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(measured) + "\n")
    more = {way: 1000 * (wall[way] - wall["python"]) for way in ("import", "help")}
    print(f"Python itself takes {1000 * wall['python']:.0f} ms")
    print(f"the import {more['import']:.0f} ms more (at most 60, aim 30)")
    print(f"--help {more['help']:.0f} ms more (at most 250, aim 150)")
    print(
        f"check {wall['check']:.2f} s, {wall['check'] / chain_s:.2f} x its round trips (at most 1.5, aim 1.2)"
    )


def _wall_s(words: list[str]) -> float:
    started = time.monotonic()
    subprocess.run([sys.executable, *words], check=True, stdout=subprocess.DEVNULL)
    return time.monotonic() - started


if __name__ == "__main__":
    main()
