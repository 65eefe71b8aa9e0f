"""Where a secret that was entered stays: this process, the lab, a private file, the system's keyring."""

from __future__ import annotations

import json
from pathlib import Path

from ..errors import ConfigError, unwritable
from ..system.files import locked, read_regular, write_whole
from ..system.paths import data_folder, make_data_folder
from ..system.timestamps import utc_text
from . import lab_memory
from .private_file import write_private
from .references import KEYRING_SERVICE, Reference, resolve, unfit_keyring
from .value import Secret

KERNEL, LAB, FILE, KEYRING = "kernel", "lab", "file", "keyring"
_AGES = "secrets/ages.json"
"""When each secret was kept: no secret is in it."""
WORDS = {FILE: "a private file", LAB: "the lab's memory", KEYRING: "the keyring"}


def private_file(name: str) -> Path:
    """Return the private file of a tenant's secret."""
    return data_folder() / "secrets" / f"{name}.secret"


def keep_in(place: str, name: str, secret: Secret) -> str:
    """Keep a secret in a place and nowhere else; return the reference to it there.

    Raises: as `put_in`, with nothing removed, and as `remove`, with the secret in its new place.
    """
    reference = put_in(place, name, secret)
    # only now: a place that refuses, or forgets, must not cost the copy that there is
    remove(name, but=place)
    _note_kept(name, utc_text())
    return reference


def kept_since(name: str) -> str:
    """Return when a tenant's secret was last kept by `keep_in` (UTC, ISO 8601), empty when not known."""
    try:
        found = json.loads(read_regular(data_folder() / _AGES))
        return str(found.get(name, ""))
    except (OSError, ValueError, AttributeError):
        return ""


def _note_kept(name: str, at: str) -> None:
    """Write down when a secret was kept; an empty moment takes the note away.

    Raises: ConfigError when the data folder cannot be written.
    """
    file = data_folder() / _AGES
    try:
        make_data_folder(file.parent)
        with locked(file.with_name(f".{file.name}.lock")):
            try:
                found = dict(json.loads(read_regular(file)))
            except (OSError, ValueError, TypeError):
                found = {}
            found = {key: text for key, text in {**found, name: at}.items() if text}
            write_whole(file, json.dumps(found, indent=1) + "\n", mode=0o600)
    except OSError as error:
        raise unwritable(error, file) from None


def put_in(place: str, name: str, secret: Secret) -> str:
    """Keep a secret in a place; return the reference to it there, empty for this kernel only.

    Raises: ConfigError when the place refuses it; SecretError when it does not give it back.
    """
    reference = _put(place, name, secret)
    if reference and resolve(reference, name, used=False).reveal() != secret.reveal():
        raise ConfigError(
            f"{WORDS[place]} does not give the secret back as it was; the old place still has it"
        )
    return reference


def _put(place: str, name: str, secret: Secret) -> str:
    if place == FILE:
        try:
            write_private(private_file(name), secret)
        except OSError as error:
            raise ConfigError(f"the private file cannot be written: {error.strerror}") from None
        return f"file:{private_file(name)}"
    if place == LAB:
        if lab_memory.ask("keep", name, secret.reveal()) is None:
            raise ConfigError("the lab cannot be reached; choose another place for the secret")
        return "lab:"
    if place == KEYRING:
        _put_in_keyring(name, secret)
        return "keyring:"
    return ""


def _put_in_keyring(name: str, secret: Secret) -> None:
    import keyring
    import keyring.errors

    unfit = unfit_keyring(keyring.get_keyring())
    if unfit:
        raise ConfigError(unfit)
    try:
        keyring.set_password(KEYRING_SERVICE, name, secret.reveal())
    except (keyring.errors.KeyringError, RuntimeError) as error:
        raise ConfigError(f"the keyring refuses it: {type(error).__name__}") from None


def keyring_works() -> bool:
    """Whether the system has a keyring that can be used; in a bare container there is none."""
    try:
        import keyring
        from keyring.backends.fail import Keyring as NoKeyring
    except ImportError:
        return False
    backend = keyring.get_keyring()
    return not isinstance(backend, NoKeyring) and not unfit_keyring(backend)


def places_of(name: str) -> list[str]:
    """Return the places that hold a secret of this tenant, as `FILE`, `LAB`, `KEYRING`.

    Raises: LabSilentError when the lab does not say whether it is one.
    """
    found = _stored(name)
    return [*found, LAB] if lab_memory.ask("give", name) is not None else found


def _stored(name: str) -> list[str]:
    found = [FILE] if private_file(name).exists() else []
    return [*found, KEYRING] if _in_keyring(name) else found


def place_of(reference: str) -> str:
    """Return the words for the place that a reference leads to, empty for another kind of reference."""
    return WORDS.get(Reference.parse(reference).scheme, "")


def in_words(places: list[str]) -> str:
    """Name places for people."""
    return " and ".join(WORDS[place] for place in places)


def remove(name: str, but: str = "") -> list[str]:
    """Remove a tenant's secret from wherever it was kept, except from one place; return the places.

    Raises: ConfigError when the keyring does not let go of it; LabSilentError, with the other places done,
    when the lab does not say that it did.
    """
    found = [place for place in _stored(name) if place != but]
    if not but and kept_since(name):
        _note_kept(name, "")
    if FILE in found:
        private_file(name).unlink()
    if KEYRING in found:
        import keyring
        import keyring.errors

        try:
            keyring.delete_password(KEYRING_SERVICE, name)
        except (keyring.errors.KeyringError, RuntimeError) as error:
            raise ConfigError(f"the keyring does not remove it: {type(error).__name__}") from None
    if but != LAB and lab_memory.ask("give", name) is not None:
        lab_memory.ask("forget", name)
        found.append(LAB)
    return found


def _in_keyring(name: str) -> bool:
    if not keyring_works():
        return False
    import keyring
    import keyring.errors

    try:
        return keyring.get_password(KEYRING_SERVICE, name) is not None
    except (keyring.errors.KeyringError, RuntimeError):
        return False
