"""May webhooks be managed? Neo Agent registers its own, and its connection fails without."""

from __future__ import annotations

from collections.abc import AsyncIterator

from ..client.models import as_rows
from ..errors import NotFoundError, RefusedError
from .access import AREA_MISSING
from .findings import Finding, diagnosis
from .probe import Probe
from .registry import check
from .shared_codes import WIRE

WEBHOOKS_REFUSED = diagnosis(
    "webhooks-refused",
    "fail",
    step="application-permissions",
    cause=(
        "admin:webhooks is not ticked on the application's Permissions: Neo Agent's connection fails "
        "although reading works."
    ),
    remedy="Tick admin:webhooks on Permissions, save, and check again.",
)


@check(
    "webhooks.manage",
    title="Webhooks may be managed",
    otherwise="Webhooks could not be read",
    needs=("token.grant",),
    after=("token.scopes", "identity.login"),
    codes=(WEBHOOKS_REFUSED, AREA_MISSING, *WIRE),
    step="webhooks",
)
async def manage(probe: Probe) -> AsyncIterator[Finding | str]:
    """May webhooks be read, which takes the same scope as managing them?"""
    try:
        rows, _ = as_rows(await probe.client.get("Webhook", type=0), "Webhook", "webhooks")
    except RefusedError as refusal:
        await probe.explain_refusal(refusal)
        yield WEBHOOKS_REFUSED(refusal.seen)
        return
    except NotFoundError as error:
        yield AREA_MISSING(error.seen, step="webhooks")
        return
    yield f"webhooks can be read; there {'is' if len(rows) == 1 else 'are'} {len(rows)}"
