"""Is there a HaloPSA at the base URL?"""

from __future__ import annotations

from collections.abc import AsyncIterator

from ..errors import ApiError, ConnectionFailedError, HaloError, NotFoundError, ShapeError
from ..system.plain_text import count_of
from .codes.address import LICENCE_NONE_FREE, NOT_HALOPSA, URL_INSECURE, URL_MALFORMED, URL_TRIMMED
from .codes.shared import WEB, WIRE
from .findings import Finding, Skipped
from .probe import Probe
from .registry import check


@check(
    "address.url",
    title="Base URL is usable",
    otherwise="The base URL cannot be used",
    codes=(URL_MALFORMED, URL_INSECURE, URL_TRIMMED),
    step=WEB,
    uses=("base_url",),
)
async def url(probe: Probe) -> AsyncIterator[Finding | str]:
    """Is the base URL usable after normalising (facts 6, rows 1 to 6)?"""
    address = probe.client.address
    if address.was_insecure:
        yield URL_INSECURE(f"{'; '.join(address.changes)}; used: {address.url}")
    elif address.changes:
        yield URL_TRIMMED(f"{'; '.join(address.changes)}; used: {address.url}")
    yield address.url


@check(
    "address.reach",
    title="Instance can be reached",
    otherwise="The instance cannot be reached",
    needs=("address.url",),
    codes=WIRE,
    step=WEB,
    uses=("base_url",),
)
async def reach(probe: Probe) -> AsyncIterator[Finding | str]:
    """Do DNS, TCP and TLS work, with an answer in time? The next check reads what it says."""
    try:
        await probe.auth_info()
    except ConnectionFailedError as error:
        if error.code != "redirected":
            raise
    except HaloError:
        pass
    yield f"{probe.client.address.url} answers"


@check(
    "address.instance",
    title="It is a HaloPSA",
    otherwise="It does not answer as a HaloPSA",
    needs=("address.reach",),
    codes=(NOT_HALOPSA, *WIRE),
    step=WEB,
    uses=("base_url",),
)
async def instance(probe: Probe) -> AsyncIterator[Finding | str]:
    """Do authinfo and InstanceInfo answer as HaloPSA's do?"""
    info = await probe.auth_info()
    try:
        found = await probe.instance()
    except (NotFoundError, ShapeError) as error:
        if info is None or not info.auth_url:
            yield NOT_HALOPSA(f"neither authinfo nor InstanceInfo answers as a HaloPSA does ({error.seen})")
            return
        yield "authinfo answers as a HaloPSA does; InstanceInfo does not say the version"
        return
    except ApiError:
        if info is None:
            raise
        yield "authinfo answers as a HaloPSA does; InstanceInfo is refused, so the version is not known"
        return
    if not (found.version or found.name) and (info is None or not info.auth_url):
        yield NOT_HALOPSA("authinfo and InstanceInfo answer without anything that a HaloPSA says")
        return
    yield f"{found.name or 'HaloPSA'} {found.version or 'of unknown version'}"


@check(
    "address.licence",
    title="A Named Licence is free",
    otherwise="It was not seen that a Named Licence is free",
    needs=("address.instance",),
    codes=(LICENCE_NONE_FREE, *WIRE),
    step=WEB,
    on_request=True,
    uses=("base_url",),
)
async def licence(probe: Probe) -> AsyncIterator[Finding | str]:
    """Is there a licence for the agent that is to be made (facts 1.2, row 23; W53)?

    Once the agent exists its own licence is counted, too, and the numbers say nothing any more.
    """
    if probe.tenant.agent_id:
        raise Skipped("not asked any more: an Agent ID was noted, so the agent has its licence")
    found = await probe.instance()
    if not found.licensed_agents:
        raise Skipped("InstanceInfo does not say how many licences there are")
    used = f"{found.agents or 0} of {count_of(found.licensed_agents, 'licence')} in use, by InstanceInfo"
    if (found.agents or 0) >= found.licensed_agents:
        yield LICENCE_NONE_FREE(used)
    yield used
