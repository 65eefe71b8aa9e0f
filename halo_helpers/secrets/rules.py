"""What a reference in a tenants file may name. A file of somebody else must not lead a secret of ours away.

A reference that a person types on the command line or in a panel is not bound by these rules.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

from ..errors import ConfigError, Mistake, SecretError
from ..system.paths import data_folder

PREFIX = "HALO_"
"""Names of environment variables that every tenants file may use begin so."""
OURS = ("HALO_LAB_", "HALO_RUNBOOK_", "HALO_NOTIFY_", "HALO_CLIENT_SECRET")
"""Names that begin so hold what belongs to no tenant of a file."""
SETTINGS = "settings.yaml"
_ALLOWED_ENV, _SECRETS_DIRS = "HALO_RUNBOOK_ALLOW_ENV", "HALO_RUNBOOK_SECRETS_DIRS"
"""How `--allow-env` and `--secrets-dir` reach the processes that are started from here."""


def allow(names: Iterable[str] = (), folders: Iterable[str | Path] = ()) -> None:
    """Let tenants files use these variables, and files below these folders.

    It holds for this process and for those that it starts.
    """
    for variable, more in (
        (_ALLOWED_ENV, names),
        (_SECRETS_DIRS, (str(Path(f).absolute()) for f in folders)),
    ):
        known = _listed(variable)
        known += [entry for entry in more if entry and entry not in known]
        if known:
            os.environ[variable] = os.pathsep.join(known)


def _listed(variable: str) -> list[str]:
    return [entry for entry in os.environ.get(variable, "").split(os.pathsep) if entry]


def check_variable(name: str) -> None:
    """Let the name of an environment variable in a tenants file pass.

    Raises: SecretError with the option that allows it, where one does.
    """
    if name in _listed(_ALLOWED_ENV) or name in _settings().get("allow_env", ()):
        return
    if name.startswith(OURS):
        raise SecretError(
            f"the reference env:{name} is not for a tenants file: it belongs to halo-runbook itself"
        )
    if not name.startswith(PREFIX):
        raise SecretError(
            f"the reference env:{name} is not used: in a tenants file, names of variables begin with "
            f"{PREFIX}; allow this one with --allow-env {name}"
        )


def check_file(path: Path, folder: Path) -> Path:
    """Return the real path of a secret's file that a tenants file in `folder` names, links followed.

    Raises: SecretError when it lies elsewhere than the rules let it.
    """
    real = path.resolve()
    for base in (folder, data_folder(), *map(Path, _listed(_SECRETS_DIRS)), *_settings_folders()):
        if real.is_relative_to(base.resolve()):
            return real
    raise SecretError(
        f"the secret's file {path} is not used: it lies neither below the tenants file's folder nor in the "
        f"data folder; allow its folder with --secrets-dir {real.parent}"
    )


def _settings_folders() -> list[Path]:
    return [Path(entry).expanduser() for entry in _settings().get("secrets_dirs", ())]


def _settings() -> dict[str, tuple[str, ...]]:
    """Return the lists in the user's own settings file.

    Raises: ConfigError when it is damaged.
    """
    file = data_folder() / SETTINGS
    try:
        changed_at = file.stat().st_mtime_ns
    except OSError:
        return {}
    return _read_settings(file, changed_at)


@lru_cache(maxsize=1)
def _read_settings(file: Path, _changed_at: int) -> dict[str, tuple[str, ...]]:
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        value = YAML(typ="safe", pure=True).load(file.read_text(encoding="utf-8-sig")) or {}
        lists = {name: value.get(name) or [] for name in ("allow_env", "secrets_dirs")}
        if not all(isinstance(entry, str) for entries in lists.values() for entry in entries):
            raise TypeError("its lists hold texts")  # noqa: TRY301 - one message for all
    except (OSError, YAMLError, UnicodeError, TypeError, AttributeError) as error:
        words = f"cannot be read: {type(error).__name__}; it holds allow_env: [NAME] and secrets_dirs: [DIR]"
        raise ConfigError(Mistake(words, str(file))) from None
    return {name: tuple(entries) for name, entries in lists.items()}
