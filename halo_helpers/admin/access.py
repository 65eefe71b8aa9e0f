"""An administrator's sign-in: by an application of his own, or in the browser. In memory, for one command."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from urllib.parse import urlsplit

from ..client.halo_client import HaloClient
from ..client.limits import Limits
from ..client.token import SignInCode, Token
from ..errors import AuthError, HaloError, NotFoundError, RefusedError
from ..secrets.value import Secret
from ..system.event_loop import run
from ..tenants.tenant import Tenant
from .reading.objects import AgentSetUp
from .sign_in import OpenPage, open_in_browser, sign_in

SCOPES = ("admin", "all:standard", "all:teams", "admin:webhooks")
"""What is asked for; what is granted is taken (wire contract 52)."""
APPLICATION, BROWSER = "application", "browser"
_LIMITS = Limits(total_s=180.0)
UNUSED_S = 900.0
"""After so long without use a sign-in ends."""


class NoAdministratorError(HaloError):
    """The sign-in did not come to be, or is not an administrator's."""

    def __init__(self, seen: str, code: str = "sign-in") -> None:
        super().__init__(code, seen)

    def __reduce__(self) -> tuple[type, tuple[str, str]]:
        return type(self), (self.seen, self.code)


@dataclass(frozen=True)
class SignIn:
    """How an administrator signs in: with the Client ID of an application, and its secret or a browser."""

    client_id: str
    secret: Secret | None = field(default=None, repr=False)
    """Of an application with *Client ID and Secret*; None for the sign-in in the browser."""
    open_page: OpenPage = field(default=open_in_browser, repr=False)
    """Shows the log-in page in the person's browser."""
    wait_s: float = 180.0

    @property
    def way(self) -> str:
        """Which of the two it is."""
        return APPLICATION if self.secret is not None else BROWSER


@dataclass
class Administrator:
    """An administrator who is signed in: how, what was granted, who it is; the token, until it is dropped."""

    tenant: Tenant = field(repr=False)
    way: str
    scopes: tuple[str, ...] | None
    """As granted; None where the answer does not tell."""
    agent: AgentSetUp | None
    """None where `Agent/me` may not be read: whether it is an administrator is open then."""
    _secret: Secret | None = field(repr=False)
    _token: Token | None = field(repr=False)
    _used_at: float = field(default_factory=time.monotonic, repr=False)

    @asynccontextmanager
    async def client(self) -> AsyncIterator[HaloClient]:
        """Return a client that reads as this administrator.

        Raises: NoAdministratorError when the sign-in has ended.
        """
        if self._token is None or time.monotonic() - self._used_at > UNUSED_S:
            self.forget()
            raise NoAdministratorError("the administrator's sign-in has ended; sign in again")
        async with HaloClient(self.tenant, self._secret, _LIMITS) as client:
            await client.auth_info()
            client.use(self._token)
            yield client
            if self._token is not None:
                self._token = client.held_token  # it may have been renewed
        self._used_at = time.monotonic()

    def token(self) -> Secret:
        """Return the token itself, for the client that writes.

        Raises: NoAdministratorError when the sign-in has ended.
        """
        if self._token is None:
            raise NoAdministratorError("the administrator's sign-in has ended; sign in again")
        return self._token.value

    def forget(self) -> None:
        """Drop the credentials."""
        self._secret = self._token = None


def open_administrator(tenant: Tenant, how: SignIn) -> Administrator:
    """Sign in on a tenant's instance; whoever asks calls `forget` at the end. Raises: as `signed_in`."""
    return run(_sign_in(tenant, how))


@contextmanager
def signed_in(tenant: Tenant, how: SignIn) -> Iterator[Administrator]:
    """Sign in on a tenant's instance; with the end of the block the credentials are dropped.

    Raises: NoAdministratorError with what went wrong at the sign-in, SignInError for the one in the browser,
    and what the client raises.
    """
    who = open_administrator(tenant, how)
    try:
        yield who
    finally:
        who.forget()


async def _sign_in(tenant: Tenant, how: SignIn) -> Administrator:
    theirs = replace(tenant, client_id=how.client_id.strip(), client_secret="", scopes=SCOPES)
    limits = replace(_LIMITS, total_s=_LIMITS.total_s + how.wait_s)  # a person logs in meanwhile
    async with HaloClient(theirs, how.secret, limits) as client:
        await client.auth_info()
        try:
            if how.way == BROWSER:
                token = await client.redeem(await _from_browser(client, how))
            else:
                token = await client.token()
        except AuthError as error:
            raise NoAdministratorError(_refused(how, error)) from None
        return Administrator(theirs, how.way, token.scopes, await _who(client), how.secret, token)


async def _from_browser(client: HaloClient, how: SignIn) -> SignInCode:
    stop = threading.Event()
    try:
        return await asyncio.to_thread(
            sign_in,
            f"{client.token_url.removesuffix('/token')}/authorize",
            client_id=how.client_id.strip(),
            scopes=SCOPES,
            halo_tenant=client.halo_tenant,
            open_page=how.open_page,
            wait_s=how.wait_s,
            stop=stop,
        )
    finally:
        stop.set()


def _refused(how: SignIn, error: AuthError) -> str:
    hint = "see that the Client ID is that of an application with the method Authorisation Code"
    if how.secret is not None:
        hint = (
            "see that the Client ID and the secret are those of the administrator's own application, with "
            "the method Client ID and Secret (Services)"
        )
    if error.code == "tenant-unknown":
        hint = "see that halo_tenant is Tenant of API Details"
    return f"the administrator's sign-in was refused: {error.seen}; {hint}"


async def _who(client: HaloClient) -> AgentSetUp | None:
    """Return who signed in.

    Raises: NoAdministratorError for somebody who is no administrator.
    """
    try:
        agent = AgentSetUp.from_json(await client.get("Agent/me", includedetails=False))
    except (RefusedError, NotFoundError):
        return None
    if agent.is_admin is False:
        raise NoAdministratorError(
            f"{agent.label} is no administrator at {urlsplit(client.address.url).netloc}, so nothing was "
            "looked at: sign in as an agent whose role is Administrator"
        )
    return agent
