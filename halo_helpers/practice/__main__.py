"""`python -m halo_helpers.practice`: a server whose options come as one JSON line on standard input.

It prints the ready line and ends when standard input ends. People use `halo-runbook practice`.
"""

from __future__ import annotations

import json
import sys

from .ready import ready_line
from .serve import Options, serve
from .world.realm import Realm


def _say_ready(base_url: str, realm: Realm, ca_file: str | None) -> None:
    sys.stdout.write(ready_line(base_url, realm, ca_file) + "\n")
    sys.stdout.flush()


def main() -> int:
    """Serve until standard input ends; return 2, with one line, when the options or the port are wrong."""
    try:
        options = Options.from_json(json.loads(sys.stdin.readline()))
        serve(options, _say_ready, lifeline=True)
    except (ValueError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    except KeyboardInterrupt:
        return 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
