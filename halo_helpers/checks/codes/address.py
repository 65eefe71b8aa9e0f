"""Codes of the base URL and of the instance behind it."""

from __future__ import annotations

from ..findings import diagnosis

URL_MALFORMED = diagnosis(
    "url-malformed",
    "fail",
    headline="The base URL is no address",
    step="prerequisites",
    fixer="us",
    cause="The base URL was mistyped or something else was pasted.",
    remedy=(
        "Open HaloPSA in the browser and copy the address up to the end of the host, such as "
        "https://acme.halopsa.com."
    ),
)

URL_INSECURE = diagnosis(
    "url-insecure",
    "warn",
    headline="The base URL begins with http://",
    step="prerequisites",
    fixer="us",
    cause="The base URL begins with http://.",
    remedy="Write https:// in front of the host, here and in Neo Agent.",
)

URL_TRIMMED = diagnosis(
    "url-trimmed",
    "warn",
    headline="The base URL has more than scheme and host",
    step="prerequisites",
    fixer="us",
    cause=(
        "More than scheme and host was pasted: a trailing slash, /api, /auth or a page's path; or "
        "https:// was missing."
    ),
    remedy="Use the base URL in the form shown here, in Neo Agent too: it takes no slash at the end.",
)

NOT_HALOPSA = diagnosis(
    "not-halopsa",
    "fail",
    headline="This is not a HaloPSA",
    step="prerequisites",
    fixer="us",
    cause=(
        "The host answers, but as something else than HaloPSA: a misspelt sub-domain, the portal of "
        "another product, a parked domain."
    ),
    remedy="Open the base URL in a browser; use the address where the HaloPSA log-in appears.",
)

LICENCE_NONE_FREE = diagnosis(
    "licence-none-free",
    "warn",
    headline="No Named Licence is free",
    step="prerequisites",
    cause="All Named Licences are in use, so the agent cannot be saved or made active.",
    remedy="Have one bought, or free one by making an agent that is no longer needed inactive.",
)
