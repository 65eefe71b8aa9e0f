"""Forms of applications that are not saved yet, with the Client Secret that *Generate* made in them."""

from __future__ import annotations

import secrets
from collections import OrderedDict
from dataclasses import dataclass

from ..world.applications import Application, new_secret


@dataclass
class Draft:
    """An application as its form stood when *Generate* was pressed. HaloPSA knows nothing of it yet."""

    of: str
    """The Client ID of the application that is changed, `new` for one that is made."""
    application: Application
    secret: str
    login_type: str
    """The login type that was chosen then."""
    is_shown: bool = False
    """Whether a page has shown the secret."""


class Drafts:
    """What waits for *Save*, the newest hundred."""

    def __init__(self) -> None:
        self._waiting: OrderedDict[str, Draft] = OrderedDict()

    def keep(self, of: str, application: Application) -> str:
        """Keep a form with a new Client Secret, and return the query of the page that goes on with it."""
        key = secrets.token_urlsafe(9)
        self._waiting[key] = Draft(of, application, new_secret(), application.login_type)
        if len(self._waiting) > 100:
            self._waiting.popitem(last=False)
        return f"?draft={key}"

    def find(self, key: str, of: str) -> Draft | None:
        """Return a draft of this application, None when there is none."""
        draft = self._waiting.get(key)
        return draft if draft is not None and draft.of == of else None

    def drop(self, key: str) -> None:
        """Forget a draft: it was saved."""
        self._waiting.pop(key, None)
