"""A Dask cluster as the executor of a fleet run (extra `dask`).

Over the wire go names: of the tenant and of the tenants file, which has to be at the same path on each
worker.
Secrets are resolved on the worker, and results come back as plain data.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from concurrent.futures import Executor

from ..errors import ConfigError

CONNECT_S = 10


@contextlib.contextmanager
def dask_executor(
    address: str, *, ca_file: str | None = None, cert: str | None = None, key: str | None = None
) -> Iterator[Executor]:
    """Connect to a scheduler and return its executor.

    A worker that dies loses nothing, its tenants go to another one.

    Raises: ConfigError when the extra is missing or the scheduler does not answer.
    """
    try:
        from distributed import Client
        from distributed.security import Security
    except ImportError:
        raise ConfigError("--dask needs the extra “dask”: pip install 'halo-runbook[dask]'") from None
    security = (
        Security(tls_ca_file=ca_file, tls_client_cert=cert, tls_client_key=key, require_encryption=True)
        if ca_file
        else None
    )
    try:
        client = Client(address, security=security, timeout=CONNECT_S, set_as_default=False)
    except (OSError, ValueError, TypeError) as error:
        raise ConfigError(f"the Dask scheduler at {address} cannot be used: {type(error).__name__}") from None
    with client:
        if not client.scheduler_info(n_workers=-1)["workers"]:
            raise ConfigError(f"the Dask scheduler at {address} has no worker")
        yield client.get_executor(pure=False)
