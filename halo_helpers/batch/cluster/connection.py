"""A Dask cluster as the executor of a fleet run (extra `dask`).

Over the wire go the entries of the tenants file, with references and without secrets: those are resolved on
the worker. Results come back as plain data. Whoever reaches a scheduler without TLS can have workers run code
of theirs, so beyond this machine one is used on an explicit word only.
"""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator
from concurrent.futures import Executor
from urllib.parse import urlsplit

from ...errors import ConfigError
from ...system.extras import needs_extra
from ...tenants.base_url import is_loopback
from .workers import ClusterExecutor

CONNECT_S, CLOSE_S = 5, 1


@contextlib.contextmanager
def dask_executor(
    address: str,
    *,
    ca_file: str | None = None,
    cert: str | None = None,
    key: str | None = None,
    trust_network: bool = False,
) -> Iterator[Executor]:
    """Connect to a scheduler and return its executor.

    A worker gets work once it has told its version, and only tenants whose secrets it has. One that dies
    loses nothing, its tenants go to another one. `trust_network` lets a scheduler beyond this machine be used
    without TLS.

    Raises: ConfigError when the extra is missing, the way there is open to others, or the scheduler does not
    answer.
    """
    _refuse_open_way(address, ca_file, trust_network=trust_network)
    try:
        from distributed import Client
        from distributed.security import Security
    except ImportError:
        raise ConfigError(needs_extra("distributed", "--dask")) from None
    _refuse_nobody(address)
    security = (
        Security(tls_ca_file=ca_file, tls_client_cert=cert, tls_client_key=key, require_encryption=True)
        if ca_file
        else None
    )
    try:
        client = Client(address, security=security, timeout=CONNECT_S, set_as_default=False)
    except (OSError, ValueError, TypeError) as error:
        raise ConfigError(f"the Dask scheduler at {address} cannot be used: {type(error).__name__}") from None
    try:
        if not client.scheduler_info(n_workers=-1)["workers"]:
            raise ConfigError(f"the Dask scheduler at {address} has no worker")
        with ClusterExecutor(client, address) as executor:
            yield executor
    finally:
        client.close(timeout=CLOSE_S)


def _refuse_nobody(address: str) -> None:
    """Find out at once that nobody listens: Dask would go on knocking.

    Raises: ConfigError.
    """
    parts = urlsplit(address if "://" in address else f"tcp://{address}")
    try:
        socket.create_connection((parts.hostname or "", parts.port or 8786), CONNECT_S).close()
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or type(error).__name__
        raise ConfigError(f"the Dask scheduler at {address} cannot be used: {why}") from None


def _refuse_open_way(address: str, ca_file: str | None, *, trust_network: bool) -> None:
    """Let a scheduler be used on this machine, by TLS with its authority known, or on an explicit word.

    Raises: ConfigError.
    """
    try:
        parts = urlsplit(address if "://" in address else f"tcp://{address}")
        host = parts.hostname or ""
    except ValueError:
        raise ConfigError("--dask takes an address such as tcp://127.0.0.1:8786") from None
    if trust_network or is_loopback(host) or (parts.scheme == "tls" and ca_file):
        return
    raise ConfigError(
        f"the Dask scheduler at {host} is beyond this machine and not asked by TLS: anybody in between could "
        "run code on the workers, which hold secrets; give a tls:// address with --dask-ca-file, --dask-cert "
        "and --dask-key, or --dask-trust-network when the network is yours alone"
    )
