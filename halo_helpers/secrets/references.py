"""References: how a secret is found again. A reference is written down, the secret never is.

Known are `env:NAME`, `keyring:`, `file:PATH`, `prompt:`, in the guide `lab:`, and the schemes of vaults that
register under the entry point group `halo_helpers.secrets` (a function `(rest, tenant_name) -> str`).
"""

from __future__ import annotations

import os
import re
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

from ..errors import SecretError
from ..system.plain_text import plain_text
from . import lab_memory
from .access_log import write_down
from .private_file import read_private
from .rules import check_file, check_variable
from .value import CLIENT_SECRET, Secret, Unresolved, looks_like_secret

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

KEYRING_SERVICE = "halo-runbook"
SCHEMES = ("env", "keyring", "file", "prompt", "lab")
_WITHOUT_REST = frozenset({"keyring", "prompt", "lab"})
ENTRY_POINTS = "halo_helpers.secrets"
RESOLVE_S = 20.0
"""Time for a keyring or a vault to answer, in seconds."""
MASTER_KEYS = ("VAULT_TOKEN", lab_memory.PLACE, lab_memory.KEY)
"""Variables that open any tenant's secret, in a vault or in the lab's memory."""


@dataclass(frozen=True)
class Reference:
    """A reference in its two parts, such as `env` and `HALO_ACME_SECRET`."""

    scheme: str
    rest: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Take a reference apart. Its form is not checked; see `check_reference`."""
        scheme, _, rest = text.partition(":")
        return cls(scheme, rest)

    @property
    def variable(self) -> str | None:
        """The environment variable that holds the secret, None for another scheme."""
        return self.rest if self.scheme == "env" else None

    @property
    def is_interactive(self) -> bool:
        """Whether only a person can answer it."""
        return self.scheme == "prompt"

    def file(self, folder: Path | None) -> Path | None:
        """Return the file that holds the secret, None for another scheme.

        A relative path starts at `folder`.

        Raises: SecretError for a path that cannot be one.
        """
        if self.scheme != "file":
            return None
        if "\0" in self.rest:
            raise SecretError("the reference file: holds a character that no path has")
        try:
            return (folder or Path.cwd()) / Path(self.rest).expanduser()
        except RuntimeError:
            raise SecretError(
                f"the reference file: names no home folder that is here: {self.rest.partition('/')[0]}"
            ) from None

    def variables_needed(self) -> set[str]:
        """Return the environment variables that resolving it may read."""
        if self.variable is not None:
            return {self.variable}
        return set() if self.scheme in {"file", "keyring"} else set(MASTER_KEYS)


def check_reference(text: str) -> str | None:
    """Say what is wrong with the form of a reference, None when nothing is. The text is never repeated."""
    reference = Reference.parse(text)
    if ":" not in text or CLIENT_SECRET.search(text):
        if looks_like_secret(text) or CLIENT_SECRET.search(text):
            return (
                "holds what looks like a secret in clear; write a reference such as env:HALO_ACME_SECRET, "
                "and make a new secret in HaloPSA if this one was ever written to a file"
            )
        return "is no reference; write env:NAME, keyring:, file:PATH or prompt:"
    if reference.scheme not in SCHEMES and reference.scheme not in _vaults():
        known = ", ".join(f"{name}:" for name in (*SCHEMES, *_vaults()))
        return f"has an unknown kind of reference; known are {known}"
    return None


def _check_rest(reference: Reference) -> None:
    """Let the part behind the scheme pass: a wrong one concerns its tenant only, not the whole file.

    Raises: SecretError.
    """
    if reference.scheme == "env" and not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", reference.rest):
        raise SecretError(
            "the reference env: takes the name of an environment variable, such as env:HALO_ACME_SECRET"
        )
    if reference.scheme == "file" and not reference.rest.strip():
        raise SecretError("the reference file: takes a path, such as file:acme.secret")
    if reference.scheme in _WITHOUT_REST and reference.rest:
        raise SecretError(
            f"the reference {reference.scheme}: takes nothing behind it; the tenant's name is looked up"
        )


def check_rules(text: str, folder: Path) -> None:
    """Let a reference pass that is to stand in a tenants file in `folder`.

    Raises: SecretError that names the option which allows it, where one does.
    """
    reference = Reference.parse(text)
    _check_rest(reference)
    if reference.variable is not None:
        check_variable(reference.variable)
    path = reference.file(folder)
    if path is not None:
        check_file(path, folder)


def resolve(
    reference: str | Secret | Unresolved,
    tenant_name: str,
    folder: Path | None = None,
    *,
    host: str = "",
    interactive: bool = True,
    used: bool = True,
) -> Secret:
    """Return the secret that a reference stands for.

    `folder` is that of the tenants file that the reference stands in, where a relative `file:` starts and
    whose references must keep the rules; None for a reference that a person typed. A `Secret` is returned as
    it is. With `interactive` off, nobody is asked. That it was resolved, and for which `host`, is written to
    the access log, unless it is not `used`: only asked for whether it is there.

    Raises: SecretError, which never holds the value, when it is missing, empty or not private, must not be
    used, or was resolved elsewhere without success.
    """
    if isinstance(reference, Secret):
        return reference
    if isinstance(reference, Unresolved):
        raise SecretError(reference.reason, reference.code)
    if not reference:
        raise SecretError(f"no Client Secret has been given for {tenant_name}")
    problem = check_reference(reference)
    if problem:
        raise SecretError(f"client_secret of {tenant_name} {problem}")
    parsed = Reference.parse(reference)
    _check_rest(parsed)
    try:
        found = _resolver(parsed, tenant_name, folder, interactive=interactive)()
    except SecretError as error:
        error.seen = plain_text(error.seen, 1000)  # a path may hold anything
        raise
    if not found:
        raise SecretError(f"{found.source} is empty")
    if used:
        write_down(tenant_name, found.source, host)
    return found


def _resolver(
    reference: Reference, tenant_name: str, folder: Path | None, *, interactive: bool
) -> Callable[[], Secret]:
    resolvers: dict[str, Callable[[], Secret]] = {
        "env": lambda: _from_environment(reference.rest, folder),
        "file": lambda: _from_file(reference, folder),
        "keyring": lambda: _in_time("the system's keyring", lambda: _from_keyring(tenant_name)),
        "prompt": lambda: _from_prompt(tenant_name, interactive=interactive),
        "lab": lambda: _from_lab(tenant_name),
    }
    vault = f"the vault {reference.scheme}:"
    return resolvers.get(
        reference.scheme, lambda: _in_time(vault, lambda: _from_vault(reference, tenant_name))
    )


def _in_time(who: str, ask: Callable[[], Secret]) -> Secret:
    """Ask in a thread that nobody waits for longer than the limit: a keyring may wait for a person for ever.

    Raises: SecretError, also when it takes too long.
    """
    found: list[Secret] = []
    failed: list[BaseException] = []

    def work() -> None:
        try:
            found.append(ask())
        except BaseException as error:
            failed.append(error)

    thread = threading.Thread(target=work, name="resolve", daemon=True)
    thread.start()
    thread.join(RESOLVE_S)
    if failed:
        raise failed[0]
    if not found:
        raise SecretError(f"{who} did not answer within {RESOLVE_S:g} s")
    return found[0]


def _from_environment(name: str, folder: Path | None) -> Secret:
    if folder is not None:
        check_variable(name)
    value = os.environ.get(name)
    if value is None:
        raise SecretError(f"the environment variable {name} is not set")
    return Secret(value, source=f"environment variable {name}")


def _from_file(reference: Reference, folder: Path | None) -> Secret:
    path = reference.file(folder)
    if path is None:
        raise SecretError("the reference file: takes a path, such as file:acme.secret")
    return read_private(check_file(path, folder) if folder is not None else path.resolve(), path)


def _from_keyring(tenant_name: str) -> Secret:
    try:
        import keyring
        import keyring.errors
    except ImportError:
        raise SecretError("keyring: needs the package keyring; install halo-runbook[keyring]") from None
    try:
        backend = keyring.get_keyring()
    except Exception as error:  # a back-end that the environment names and that is not there
        raise SecretError(f"the system's keyring cannot be used: {type(error).__name__}") from None
    unfit = unfit_keyring(backend)
    if unfit:
        raise SecretError(unfit)
    try:
        value = keyring.get_password(KEYRING_SERVICE, tenant_name)
    except (keyring.errors.KeyringError, RuntimeError) as error:
        raise SecretError(f"the system's keyring cannot be used: {type(error).__name__}") from None
    if value is None:
        command = f"keyring set {KEYRING_SERVICE} {tenant_name}"
        raise SecretError(f"the keyring holds no secret for {tenant_name}; put it there with: {command}")
    return Secret(value, source="the system's keyring")


def unfit_keyring(backend: object) -> str:
    """Say why a keyring's back end is not used, empty when it is.

    One keeps nothing, another keeps secrets in clear; of a chain, the first one counts.
    """
    chain = list(getattr(backend, "backends", ())) or [backend]
    kind = type(chain[0])
    name = f"{kind.__module__}.{kind.__qualname__}"
    if kind.__module__ == "keyring.backends.null":
        return f"the keyring {name} keeps nothing; choose another with keyring's own settings"
    if "plaintext" in name.lower():
        return f"the keyring {name} keeps secrets in clear; choose another with keyring's own settings"
    return ""


def _from_prompt(tenant_name: str, *, interactive: bool) -> Secret:
    import getpass

    if not interactive or not sys.stdin.isatty():
        raise SecretError(
            "prompt: needs a person at a terminal; use env:, file: or keyring: for unattended runs"
        )
    value = getpass.getpass(f"Client Secret of {tenant_name} (nothing is shown): ")
    return Secret(value, source="typed in")


def _from_lab(tenant_name: str) -> Secret:
    value = lab_memory.ask("give", tenant_name)
    if value is None:
        raise SecretError(
            f"the lab does not hold the secret of {tenant_name} (any more); enter it again in 30-credentials"
        )
    return Secret(value, source="memory of the lab")


def _vaults() -> dict[str, EntryPoint]:
    from importlib.metadata import entry_points

    return {point.name: point for point in entry_points(group=ENTRY_POINTS)}


def _from_vault(reference: Reference, tenant_name: str) -> Secret:
    try:
        value = _vaults()[reference.scheme].load()(reference.rest, tenant_name)
    except SecretError:
        raise
    except Exception as error:
        raise SecretError(f"the vault {reference.scheme}: gave no secret ({type(error).__name__})") from None
    return Secret(value, source=f"vault {reference.scheme}")
