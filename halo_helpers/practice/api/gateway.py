"""What stands before an instance: maintenance page, login page, block page, rate limit."""

from __future__ import annotations

from ..wire import HTML, TEXT, Answer
from ..world.world import World

_MAINTENANCE = (
    "<!doctype html><html lang=en><title>Down for maintenance</title>"
    "<h1>Practice tenant: HaloPSA is being upgraded</h1><p>Please try again later.</html>"
)
_LOGIN = (
    "<!doctype html><html lang=en><title>Log in</title><h1>Practice tenant: log in</h1>"
    "<form method=post><label>Username <input name=username></label></form></html>"
)
_BLOCKED = (
    "<!doctype html><html lang=en><title>Access denied</title>"
    "<h1>Practice tenant: this address is not on the allow-list</h1></html>"
)


def front(world: World) -> Answer | None:
    """Return the answer of what stands before the instance, None when it lets requests through."""
    if world.front == "reset":
        return Answer(503, close=True)
    if world.front == "block-page":
        return Answer(403, _BLOCKED.encode(), HTML)
    if world.front == "login-page":
        return Answer(200, _LOGIN.encode(), HTML)
    if world.front == "maintenance":
        how = world.settings.maintenance_page
        return Answer(503, close=True) if how == "reset" else Answer(int(how), _MAINTENANCE.encode(), HTML)
    return None


def too_many(world: World, wait: float) -> Answer:
    """Answer 429 with HaloPSA's kind of text (facts 3.4)."""
    limit, seconds = world.settings.limit
    text = f"Rate limit reached: {limit} requests per rolling {seconds / 60:g} minute window.\n"
    headers = [("retry-after", str(int(wait) + 1))] if world.settings.retry_after == "yes" else []
    return Answer(429, text.encode(), TEXT, headers)
