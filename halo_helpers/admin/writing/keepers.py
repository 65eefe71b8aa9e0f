"""Where a setup keeps what it found: in the tenants file, or among the answers of the guide's walk."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from ...secrets.places import FILE, KEYRING, WORDS, keep_in, keyring_works, private_file
from ...secrets.references import Reference
from ...secrets.value import Secret
from ...system.timestamps import utc_text
from ...tenants.answers import write_answers
from ...tenants.edit_file import change_tenant
from ...tenants.tenant import Tenant


@dataclass(frozen=True)
class InTenantsFile:
    """Keeps the Client ID and the Agent ID in the tenant's entry; the secret where its reference points."""

    file: Path
    tell: Callable[[str], None]

    def keep(self, tenant: Tenant) -> None:
        """Keep the Client ID and the Agent ID.

        Raises: ConfigError when the file cannot be written, or holds a mistake.
        """
        values = {"client_id": tenant.client_id, "agent_id": tenant.agent_id}
        change_tenant(self.file, tenant.name, {name: value for name, value in values.items() if value})
        self.tell(f"written into {self.file}")

    def keep_secret(self, tenant: Tenant, secret: Secret) -> Tenant:
        """Keep the secret where the entry's reference points, when that is a place of ours.

        Raises: ConfigError when it cannot be kept.
        """
        reference = tenant.reference
        place = _place(reference, tenant)
        if place:
            keep_in(place, tenant.name, secret)
            self.tell(f"the secret is kept in {WORDS[place]}")
            return tenant
        where = f"{reference.scheme}:{reference.rest}" if reference else "the entry's client_secret"
        self.tell(f"the secret was used once and is not kept: put it where {where} looks, yourself")
        return replace(tenant, client_secret=secret)


def _place(reference: Reference | None, tenant: Tenant) -> str:
    """Return the place of ours that a reference points to, empty for another one."""
    if reference is None:
        return ""
    if reference.scheme == KEYRING:
        return KEYRING
    is_ours = reference.scheme == FILE and reference.file(tenant.folder) == private_file(tenant.name)
    return FILE if is_ours else ""


@dataclass(frozen=True)
class InWalk:
    """Keeps all of it as the guide does, so that the guide goes on from there."""

    walk: str
    tell: Callable[[str], None]

    def keep(self, tenant: Tenant) -> None:
        """Keep the Client ID and the Agent ID.

        Raises: ConfigError when the data folder cannot be written.
        """
        agent_id = str(tenant.agent_id or "") if isinstance(tenant.agent_id, int) else ""
        write_answers(self.walk, base_url=tenant.base_url, client_id=tenant.client_id, agent_id=agent_id)

    def keep_secret(self, tenant: Tenant, secret: Secret) -> Tenant:
        """Keep the secret in the keyring, or in a private file where there is none.

        Raises: ConfigError when it cannot be kept.
        """
        place = KEYRING if keyring_works() else FILE
        reference = keep_in(place, self.walk, secret)
        write_answers(self.walk, client_secret=reference, secret_set_at=utc_text())
        self.tell(f"the secret is kept in {WORDS[place]}")
        return replace(tenant, client_secret=secret)
