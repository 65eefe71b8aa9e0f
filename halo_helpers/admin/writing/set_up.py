"""The conversation of a setup: look, plan, show, confirm, look again, write, read back; then the clicks.

It is the same for a terminal and a panel: a `Person` is asked, a `Keeper` takes over what is to be kept.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field, replace
from typing import Literal, Protocol

from ...errors import ConfigError
from ...secrets.value import Secret
from ...system.event_loop import run
from ...system.files import write_whole
from ...system.paths import make_data_folder, setups_folder
from ...tenants.tenant import Tenant, shown_url
from ...tenants.trust import host_of
from ...verification.result import Verification
from ...verification.run_checks import verify
from ..access import Administrator, NoAdministratorError
from ..reading.look import Looked, look
from .apply import apply
from .changes import APPLICATION, Plan
from .plan import ADMINISTRATOR, Wishes, of_name, plan_of
from .record import Record
from .undo import undo_plan

GOOD_FOR_S = 300.0
"""After so long a plan that was shown is looked at again."""
_ROUNDS = 20
_NO_TOKEN = frozenset({"invalid-client", "secret-unavailable", "client-secret-malformed"})
"""Codes at which a secret that is entered may help."""


class Person(Protocol):
    """Whoever is asked."""

    def tell(self, text: str) -> None:
        """Show a text."""

    def confirm_by_name(self, name: str) -> bool:
        """Ask for the tenant's name, which confirms the plan that was shown."""

    def agree(self, question: str) -> bool:
        """Ask a question with yes or no."""

    def has_clicked(self) -> bool:
        """Wait for the clicks that were shown; false to stop here."""

    def secret(self) -> Secret | None:
        """Ask for the Client Secret, hidden; None when there is none."""


class Keeper(Protocol):
    """Takes over what was found, for the tenant's entry or walk."""

    def keep(self, tenant: Tenant) -> None:
        """Keep the Client ID and the Agent ID."""

    def keep_secret(self, tenant: Tenant, secret: Secret) -> Tenant:
        """Keep the secret; return the tenant that refers to it."""


@dataclass
class SetUp:
    """How a setup came out."""

    tenant: Tenant
    plan: Plan = field(default_factory=Plan)
    """What is left."""
    records: list[str] = field(default_factory=list)
    verification: Verification | None = None
    state: Literal["done", "clicks", "declined"] = "done"


def plan_for(tenant: Tenant, who: Administrator, wishes: Wishes) -> tuple[Looked, Plan]:
    """Look at a tenant, and return what was seen and what is to be done.

    Raises: what `look` raises.
    """
    if who.agent is None or who.agent.is_admin is not True:
        raise NoAdministratorError(
            "it was not seen that the sign-in is an administrator's, so nothing is planned"
        )
    # by its number or name, never by the application: that may log in as anybody
    seen = run(look(tenant if tenant.agent_id else replace(tenant, agent_id=wishes.agent_name), who))
    found = _client_id(seen, wishes)
    if found:
        seen = run(look(replace(seen.tenant, client_id=found), who))
    return seen, plan_of(seen, who, wishes)


def set_up(tenant: Tenant, who: Administrator, wishes: Wishes, person: Person, keeper: Keeper) -> SetUp:
    """Set a tenant up as far as may be written, ask for the clicks that are left, verify at the end.

    Raises: SetUpStopped when a write fails; ConfigError when something cannot be kept.
    """
    result = SetUp(tenant)
    for _ in range(_ROUNDS):
        seen, plan = plan_for(result.tenant, who, wishes)
        result.tenant, result.plan = _taken_over(seen, result.tenant, person, keeper), plan
        if plan.changes:
            person.tell(plan.as_text())
            if not _write(seen, plan, who, wishes, person, result):
                result.state = "declined"
                return result
        elif plan.clicks:
            person.tell(plan.as_text())
            if not person.has_clicked():
                result.state = "clicks"
                return result
        else:
            return _verified(result, person, keeper)
    raise ConfigError(f"something changes again and again; look at {shown_url(tenant)} yourself")


def undo(name: str, tenant: Tenant, who: Administrator, person: Person) -> SetUp:
    """Take a setup back.

    Raises: SetUpStopped; ConfigError when the record is another tenant's, or somebody wrote since.
    """
    record = Record.read(name)
    seen = run(look(tenant, who))
    result = SetUp(tenant, run(undo_plan(record, seen, who)))
    person.tell(
        result.plan.as_text() if result.plan.changes else "nothing to take back: it is as it was before"
    )
    if result.plan.is_empty:
        return result
    if not person.confirm_by_name(tenant.name):
        result.state = "declined"
        return result
    again = run(undo_plan(record, seen, who))
    if not again.is_like(result.plan):
        raise ConfigError("it changed between showing and writing, so nothing was written; begin again")
    new = _record(tenant, who, "", undoes=record.name)
    run(apply(result.plan, tenant, who, _administrators(seen), new))
    result.records.append(new.name)
    result.plan = Plan()
    return result


def _administrators(seen: Looked) -> frozenset[str]:
    """Return the ids of the roles that are never given."""
    return frozenset(role.id for role in seen.roles or () if ADMINISTRATOR in role.name.casefold())


def _write(
    seen: Looked, plan: Plan, who: Administrator, wishes: Wishes, person: Person, result: SetUp
) -> bool:
    """Have a plan confirmed, and write it when it still is the same; return whether to go on.

    Raises: SetUpStopped.
    """
    shown_at = time.monotonic()
    if not person.confirm_by_name(seen.tenant.name):
        return False
    question = first_update(seen, plan)
    if question and not person.agree(question):
        return False
    record, said = write(seen, plan, who, wishes, shown_at=shown_at)
    if record:
        result.records.append(record)
    person.tell(said)
    return True


def first_update(seen: Looked, plan: Plan) -> str:
    """Return what is to be agreed to before the first update of an application on a host and version."""
    version = seen.instance.version if seen.instance else ""
    is_known = _Known(host_of(seen.tenant), version).is_known()
    if is_known or all(one.route != APPLICATION for one in plan.changes):
        return ""
    return (
        "No source says what an update of an application by the API does to its other fields, and on this "
        f"host and version ({version or 'not told'}) none was made yet. It is read back at once, and setup "
        "stops at a difference. Update it?"
    )


def write(
    seen: Looked, plan: Plan, who: Administrator, wishes: Wishes, *, shown_at: float
) -> tuple[str, str]:
    """Write a plan that a person has confirmed, when it still is what would be done.

    `shown_at` is on the monotonic clock. Return the name of the record, empty when nothing was written, and
    what is to be said.

    Raises: SetUpStopped.
    """
    if time.monotonic() - shown_at > GOOD_FOR_S:
        return "", "this plan was shown more than five minutes ago, so nothing was written: look again"
    again, fresh = plan_for(seen.tenant, who, wishes)
    if not fresh.is_like(plan):
        return "", "something changed between showing and writing, so nothing was written: look again"
    version = seen.instance.version if seen.instance else ""
    record = _record(seen.tenant, who, version)
    run(apply(plan, seen.tenant, who, _administrators(again), record))
    if any(one.route == APPLICATION for one in plan.changes):
        _Known(host_of(seen.tenant), version).note()
    return record.name, f"written and read back; the former values are in the record {record.name}"


def _record(tenant: Tenant, who: Administrator, version: str, undoes: str = "") -> Record:
    return Record(
        tenant=tenant.name,
        base_url=shown_url(tenant),
        version=version,
        way=who.way,
        scopes=list(who.scopes or ()),
        administrator=who.agent.id if who.agent else None,
        undoes=undoes,
    )


def _client_id(seen: Looked, wishes: Wishes) -> str:
    """Return the Client ID of the one application of the expected name, where another one, or none, is known.

    One that only logs in as the same agent may be anybody's.
    """
    own = of_name(seen, wishes)
    return own[0].client_id if len(own) == 1 else ""


def with_ids(tenant: Tenant, seen: Looked) -> Tenant:
    """Return a tenant with the Client ID and the Agent ID that were seen, the same one when it has them."""
    found = tenant
    if seen.application is not None and seen.application.client_id != tenant.client_id.strip().lower():
        found = replace(found, client_id=seen.application.client_id)
    if seen.agent is not None and not isinstance(tenant.agent_id, int):
        found = replace(found, agent_id=seen.agent.id)
    return found


def _taken_over(seen: Looked, tenant: Tenant, person: Person, keeper: Keeper) -> Tenant:
    """Return the tenant with the Client ID and the Agent ID that were seen, and have them kept."""
    found = with_ids(tenant, seen)
    if found.client_id != tenant.client_id and seen.application:
        person.tell(f"the Client ID is {found.client_id}, of “{seen.application.name}”")
    if found.agent_id != tenant.agent_id and seen.agent:
        person.tell(f"the Agent ID is {found.agent_id}, of “{seen.agent.name}”")
    if found is not tenant:
        keeper.keep(found)
    return found


def _verified(result: SetUp, person: Person, keeper: Keeper) -> SetUp:
    """Verify as usual; where the secret is what is missing, ask for it once."""
    result.verification = verify(result.tenant)
    if _NO_TOKEN & set(result.verification.codes):
        secret = person.secret()
        if secret:
            result.verification = verify(replace(result.tenant, client_secret=secret))
            if _NO_TOKEN & set(result.verification.codes):
                person.tell("the secret is not kept: HaloPSA gives no token for it")
            else:
                result.tenant = keeper.keep_secret(result.tenant, secret)
    if result.verification.verdict in {"fail", "error"}:
        result.state = "clicks"
    return result


@dataclass(frozen=True)
class _Known:
    """Hosts and versions on which an update of an application kept everything else."""

    host: str
    version: str

    def is_known(self) -> bool:
        return self._entry() in self._read()

    def note(self) -> None:
        """Write down that one was read back well.

        Raises: ConfigError when the data folder cannot be written.
        """
        folder = setups_folder()
        make_data_folder(folder)
        entries = [*self._read(), self._entry()]
        write_whole(folder / "application-updates", json.dumps(entries) + "\n", mode=0o600)

    def _entry(self) -> str:
        return f"{self.host} {self.version}"

    def _read(self) -> list[str]:
        try:
            found = json.loads((setups_folder() / "application-updates").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return []
        return [str(one) for one in found] if isinstance(found, list) else []
