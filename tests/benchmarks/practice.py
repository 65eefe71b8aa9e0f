"""CPU of the practice server per request, compared with a bare starlette route in the same run.

    python -m tests.benchmarks.practice [--requests N] [--rounds N] [--json]

Goal: a simple route at most twice the bare route's CPU, and well under a millisecond.
"""

from __future__ import annotations

import argparse
import json
import socket
import statistics
import subprocess
import sys

from halo_helpers.practice.control import start
from halo_helpers.practice.serve import Options
from tests.helpers.loadgen import cpu_s, load, memory_mb

BARE = """
import socket, sys, uvicorn
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route

async def answer(request):
    return JSONResponse({"auth_url": "http://127.0.0.1/auth", "tenant_id": "practice"})

listener = socket.socket(fileno=int(sys.argv[1]))
bare = Starlette(routes=[Route("/api/authinfo", answer)])
config = uvicorn.Config(bare, log_level="critical", access_log=False)
uvicorn.Server(config).run(sockets=[listener])
"""


def main() -> None:
    """Run the rounds in turn and print medians."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=5000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    listener = socket.create_server(("127.0.0.1", 0))
    bare = subprocess.Popen(
        [sys.executable, "-c", BARE, str(listener.fileno())], pass_fds=[listener.fileno()]
    )
    bare_url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    micro: dict[str, list[float]] = {
        "bare starlette": [],
        "authinfo": [],
        "one agent": [],
        "a page of tickets": [],
    }
    try:
        with start(Options(rate_limit="1000000000/1")) as server:
            entry = server.tenants[0]
            token = _token(server.base_url, entry)
            bearer = {"Authorization": f"Bearer {token}"}
            ways = {
                "bare starlette": (bare.pid, bare_url, "/api/authinfo", {}),
                "authinfo": (server.pid, server.base_url, "/api/authinfo", {}),
                "one agent": (server.pid, server.base_url, "/api/Agent/27", bearer),
                "a page of tickets": (
                    server.pid,
                    server.base_url,
                    "/api/Tickets?pageinate=true&page_size=1",
                    bearer,
                ),
            }
            for _, url, target, headers in ways.values():
                load(url, [target], at_once=10, total=500, headers=headers)
            before = memory_mb(server.pid)
            for _ in range(options.rounds):
                for name, (pid, url, target, headers) in ways.items():
                    started = cpu_s(pid)
                    load(url, [target], at_once=20, total=options.requests, headers=headers)
                    micro[name].append((cpu_s(pid) - started) / options.requests * 1e6)
            growth = memory_mb(server.pid) - before
    finally:
        bare.terminate()
        bare.wait()
    _tell(micro, growth, as_json=options.json)


def _tell(micro: dict[str, list[float]], growth: float, *, as_json: bool) -> None:
    """Print the medians, in microseconds of CPU a request, and the growth of memory in MB."""
    medians = {name: round(statistics.median(values), 1) for name, values in micro.items()}
    ratio = round(medians["authinfo"] / medians["bare starlette"], 2)
    result = {"cpu_us_per_request": medians, "authinfo_vs_bare": ratio, "memory_growth_mb": round(growth, 1)}
    if as_json:
        print(json.dumps(result))
        return
    for name, value in medians.items():
        print(f"{name:20} {value:7.1f} µs of CPU a request   {value / medians['bare starlette']:.2f} × bare")
    print(f"memory grew by {growth:.1f} MB")


def _token(base_url: str, entry: dict[str, str]) -> str:
    import urllib.parse
    import urllib.request

    form = {
        "grant_type": "client_credentials",
        "client_id": entry["client_id"],
        "client_secret": entry["client_secret"],
        "scope": "all:standard all:teams",
    }
    with urllib.request.urlopen(f"{base_url}/auth/token", urllib.parse.urlencode(form).encode()) as answer:
        return str(json.load(answer)["access_token"])


if __name__ == "__main__":
    main()
