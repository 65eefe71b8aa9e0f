"""Where a secret that was entered stays: this process, the lab, a private file, the system's keyring (floor 1)."""

from __future__ import annotations

from pathlib import Path

from . import keeper
from .errors import ConfigError
from .folders import data_folder
from .secrets import KEYRING_SERVICE, Secret, write_private

KERNEL, LAB, FILE, KEYRING = "kernel", "lab", "file", "keyring"


def private_file(name: str) -> Path:
    """Give the private file of a tenant's secret."""
    return data_folder() / "secrets" / f"{name}.secret"


def keep_in(place: str, name: str, secret: Secret) -> str:
    """Keep a secret in a place; give the reference to it there, empty for this kernel only.

    Raises: ConfigError when the place refuses it.
    """
    file = private_file(name)
    if place != FILE:
        file.unlink(missing_ok=True)
    if place != LAB:
        keeper.ask("forget", name)
    if place == FILE:
        try:
            write_private(file, secret)
        except OSError as error:
            raise ConfigError(f"the private file cannot be written: {error.strerror}") from None
        return f"file:{file}"
    if place == LAB:
        if keeper.ask("keep", name, secret.reveal()) is None:
            raise ConfigError("the lab cannot be reached; choose another place for the secret")
        return "lab:"
    if place == KEYRING:
        import keyring
        import keyring.errors

        try:
            keyring.set_password(KEYRING_SERVICE, name, secret.reveal())
        except (keyring.errors.KeyringError, RuntimeError) as error:
            raise ConfigError(f"the keyring refuses it: {type(error).__name__}") from None
        return "keyring:"
    return ""


def keyring_works() -> bool:
    """Say whether the system has a keyring that can be used; in a bare container there is none."""
    try:
        import keyring
        from keyring.backends.fail import Keyring as NoKeyring
    except ImportError:
        return False
    return not isinstance(keyring.get_keyring(), NoKeyring)


def remove(name: str) -> list[str]:
    """Remove a tenant's secret from wherever it was kept; give the places."""
    gone = []
    if private_file(name).exists():
        private_file(name).unlink()
        gone.append("the private file")
    if keeper.ask("give", name) is not None:
        keeper.ask("forget", name)
        gone.append("the lab's memory")
    if keyring_works():
        import contextlib

        import keyring
        import keyring.errors

        with contextlib.suppress(keyring.errors.KeyringError, RuntimeError):
            keyring.delete_password(KEYRING_SERVICE, name)
            gone.append("the keyring")
    return gone
