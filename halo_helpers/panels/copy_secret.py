"""How a page gets the Client Secret: once, for the clipboard, and written down."""

from __future__ import annotations

import os

from ..errors import ConfigError
from ..guide.walk_store import note
from ..secrets import lab_memory
from ..secrets.copy_codes import RIGHT, SHOWN, WRONG
from ..system.timestamps import utc_text
from .base.view import View
from .state import WalkState


def copy_secret(walk: WalkState, view: View, code: str = "") -> str:
    """Send the secret to the page of a view for the clipboard, and write down that this was done.

    A web page has to show a code for it: then what it is to be asked is returned, else an empty text.

    Raises: ConfigError when there is no secret, or none for this page; LabSilentError.
    """
    secret = walk.secret_now()
    if secret is None:
        raise ConfigError(
            "there is no secret to copy: enter it at the end of 20-application, or in 30-credentials"
        )
    asked = ask_for_code(walk.name, code)
    if asked:
        return asked
    entered = walk.answers_now()["client_secret"]
    note(walk.name, **{"copied client_secret": f"{utc_text()} {entered}"})
    view.send({"kind": "copy", "value": secret.reveal()})
    return ""


def ask_for_code(name: str, code: str) -> str:
    """Return what a page is to be asked for before it gets a tenant's secret, empty when it may have it.

    In JupyterLab it may: whoever has its token can run code in the kernel. A page of Voilà cannot do that,
    and needs the code that `halo-runbook web` shows in its terminal.

    Raises: ConfigError when there is no code for this page; LabSilentError.
    """
    in_web_page = any(variable.startswith("VOILA_") for variable in os.environ)
    if not in_web_page and not lab_memory.is_available():
        return ""
    answer = lab_memory.ask("confirm" if code else "code", name, code)
    if answer == RIGHT or (answer in {None, lab_memory.FREE} and not in_web_page):
        return ""
    if answer == SHOWN:
        return "The terminal of halo-runbook web shows a code, valid for two minutes: type it here."
    if answer == WRONG:
        return "This is not the code that the terminal shows. Look again: there are five tries."
    if answer in {None, lab_memory.FREE}:
        raise ConfigError(
            "a web page gets the secret only with a code in the terminal of “halo-runbook web”, which does "
            "not run here; make a new secret in HaloPSA, or use “halo-runbook lab”"
        )
    raise ConfigError(
        "no code is valid now; click on the copy button for a new one, after five wrong tries in two minutes"
    )
