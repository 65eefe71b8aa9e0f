"""The command `inspect`: which field is wrong, by an administrator's own sign-in."""

from __future__ import annotations

from ...errors import ConfigError, HaloError, SecretError
from ..check import explain
from ..shared import (
    NOT_JUDGED,
    AllowEnv,
    AsJson,
    SecretsDir,
    TenantsFile,
    allow,
    app,
    complain,
    document,
    error_document,
    first_use_named,
    in_colour,
    say,
    state,
    terminal_width,
)
from .signing_in import AdminClientId, Named, SignInWay, ask_to_sign_in


@app.command(short_help="Say which field is wrong, by an administrator's sign-in.")
def inspect(
    tenant: Named,
    tenants_file: TenantsFile = None,
    sign_in: SignInWay = None,
    admin_client_id: AdminClientId = None,
    allow_env: AllowEnv = None,
    secrets_dir: SecretsDir = None,
    as_json: AsJson = False,
) -> int:
    """Read the agent, the application, its scopes, teams, roles and webhooks as an administrator.

    Each failure of the ordinary check is traced to the field that causes it. Only reads. What the sign-in may
    not see is said, and never guessed. Exit codes as for check.
    """
    from ...admin.access import NoAdministratorError
    from ...admin.reading.inspection import inspect as inspect_tenant
    from ...admin.sign_in import SignInError
    from ...report import exit_code
    from ...tenants.find import find_tenant

    allow(allow_env, secrets_dir)
    found = find_tenant(tenant, tenants_file)
    how = ask_to_sign_in(found, sign_in, admin_client_id)
    try:
        with first_use_named():
            seen = inspect_tenant(found, how)
    except (NoAdministratorError, SignInError) as error:
        return not_signed_in(error)
    except (SecretError, ConfigError):
        raise
    except HaloError as error:
        return explain(error)
    if as_json:
        say(document(seen.as_json()))
    else:
        say(seen.as_text(width=terminal_width(), colour=in_colour()))
    return exit_code([seen.joined])


def not_signed_in(error: HaloError) -> int:
    """Say that nobody signed in, and why; return the exit code."""
    if state["json"]:
        say(document(error_document([{"message": error.seen}])))
    complain(error.seen)
    return NOT_JUDGED
