"""The guided walk through the notebooks: one `Walk` a notebook, its panels and checks (floor 6)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape
from typing import Any

import ipywidgets as widgets

from ..errors import ConfigError, HaloError
from ..folders import data_folder
from ..guide import EDITIONS, NOTEBOOKS, STEPS, Field, Step
from ..guide import step as find_step
from ..models import Agent
from ..report.evidence import Evidence, evidence_html
from ..report.text import agents_table
from ..secrets import KEYRING_SERVICE, Secret, redact, resolve, write_private
from ..tenants import PRACTICE, Tenant, find_tenant, tenants_file
from ..verify import Verification, list_agents_and_own, verify
from ..walks import known_walks, open_walk, read_answers, write_answers
from .secret_entry import SecretEntry

_HERE = "this kernel only"
_FILE = "a private file in my data folder"
_KEYRING = "this system's keyring"
_memory: dict[str, Secret] = {}
"""Secrets entered in this kernel, by tenant."""


class Panel:
    """A widget together with the static HTML that stands for it in stored pages and unattended runs."""

    def __init__(self, widget: widgets.Widget, html: str, plain: str) -> None:
        self.widget = widget
        self.html = html
        self.plain = plain

    def _repr_mimebundle_(self, **options: Any) -> dict[str, Any]:
        bundle: dict[str, Any] = dict(self.widget._repr_mimebundle_(**options) or {})
        return bundle | {"text/html": self.html, "text/plain": self.plain}


class _Static:
    """HTML and text for a cell that has nothing to click."""

    def __init__(self, html: str, plain: str) -> None:
        self.html, self.plain = html, plain

    def _repr_mimebundle_(self, **_: object) -> dict[str, str]:
        return {"text/html": self.html, "text/plain": self.plain}


def open_guide(tenant: str = PRACTICE, tenants_file: str = "", edition: str = "current") -> Walk:
    """Open the guide for one tenant in this notebook.

    Raises: ConfigError for an unknown edition or a broken tenants file.
    """
    return Walk(tenant, tenants_file, edition)


class Walk:
    """One customer's walk through the steps."""

    def __init__(self, tenant: str, file: str = "", edition: str = "current") -> None:
        if edition not in EDITIONS:
            raise ConfigError(f"unknown edition {edition!r}; known are {', '.join(EDITIONS)}")
        self.name = tenant
        self.edition = edition
        self._file = file
        self._tenant: Tenant | None = None
        self._load()

    def _load(self) -> None:
        """Find the tenant; a name that nobody knows yet is a new customer."""
        if self.name == PRACTICE or self._file or self.name in known_walks() or tenants_file() is not None:
            self._tenant = find_tenant(self.name, self._file or None)

    @property
    def tenant(self) -> Tenant:
        """The tenant as it is known now, with a secret that was entered in this kernel.

        Raises: ConfigError that names what is still missing.
        """
        found = self._tenant
        missing = [
            name
            for name, value in (
                ("base URL", found and found.base_url),
                ("Client ID", found and found.client_id),
            )
            if not value
        ]
        if found is None or missing:
            raise ConfigError(
                f"not possible yet: the {' and the '.join(missing)} of {self.name} are entered at the end of 20-application, or in 30-credentials"
            )
        if self.name in _memory:
            from dataclasses import replace

            return replace(found, client_secret=_memory[self.name])
        return found

    def _repr_mimebundle_(self, **_: object) -> dict[str, str]:
        """The banner: customer and host, practice told apart at a glance."""
        practice = self.name == PRACTICE
        url = self._tenant.base_url if self._tenant else "base URL not entered yet"
        label = (self._tenant.label if self._tenant else None) or self.name
        kind = "Practice tenant" if practice else "Customer"
        html = (f"<p style='border:2px {'dashed' if practice else 'solid'} #8894a3;border-radius:6px;padding:.4em .8em'><b>{kind}: "
                f"{escape(self.name if practice else label)}</b> · {escape(url)} · documentation edition: {self.edition}</p>")  # fmt: skip
        return {
            "text/html": html,
            "text/plain": f"{kind}: {self.name if practice else label} at {url}, edition {self.edition}",
        }

    # --- steps ---

    def step(self, step_id: str) -> Panel:
        """Show a step: where to click, what to set, what to see, and a button that checks it."""
        step = find_step(step_id)
        html = _step_html(step, self.edition, self._instance())
        parts: list[widgets.Widget] = [widgets.HTML(html)]
        if step.checks:
            parts.append(self._check_button(step))
        return Panel(widgets.VBox(parts), html, _step_text(step, self.edition))

    def _instance(self) -> str:
        return self._tenant.base_url.rstrip("/") if self._tenant else ""

    def _check_button(self, step: Step) -> widgets.Widget:
        shown = widgets.HTML()
        button = widgets.Button(
            description="Check this step", tooltip=f"Ask the system: {', '.join(step.checks)}", icon="check"
        )

        def work() -> None:
            shown.value = evidence_html(self._verify(step.checks), self.edition)

        button.on_click(_safely(button, shown, work))
        return widgets.VBox([button, shown])

    def _verify(self, only: Sequence[str]) -> Verification:
        return verify(self.tenant, only=list(only))

    def check(self, *only: str) -> Evidence | _Static:
        """Run checks, by id or layer, and show what they found; all of them when none is named.

        Where an answer is still missing it says which.
        """
        try:
            return Evidence(self._verify(only), self.edition)
        except ConfigError as error:
            return _Static(f"<p>{escape(str(error))}</p>", str(error))

    def summary(self, *only: str) -> str:
        """Run checks and give one line about them, or about the answer that is still missing."""
        try:
            return self._verify(only).summary()
        except ConfigError as error:
            return str(error)

    # --- entries ---

    def start(self) -> Panel:
        """Choose a customer to work for, or name a new one; shows the notebooks and what they are for."""
        steps = "".join(f"<li><a href='{name}.ipynb'>{name}</a>: {', '.join(escape(s.title) for s in STEPS.values() if s.notebook == name)}</li>"
                        for name in NOTEBOOKS[1:])  # fmt: skip
        html = f"<p><b>The notebooks, in order</b></p><ol>{steps}</ol>"
        name = widgets.Text(description="Short name", placeholder="acme", tooltip="a-z, 0-9 and -")
        url = widgets.Text(description="Base URL", placeholder="https://acme.halopsa.com")
        button = widgets.Button(description="Open this customer", icon="folder-open")
        shown = widgets.HTML(f"<p>Known: {', '.join(map(escape, known_walks())) or 'none yet'}</p>")

        def work() -> None:
            shown.value = self._open_customer(name.value.strip().lower(), url.value)

        button.on_click(_safely(button, shown, work))
        return Panel(
            widgets.VBox([widgets.HTML(html), name, url, button, shown]),
            html,
            "the notebooks, and a form to open a customer",
        )

    def _open_customer(self, name: str, url: str) -> str:
        from ..addresses import parse_address
        from ..tenants import NAME, RESERVED, WINDOWS_DEVICES

        if not NAME.fullmatch(name) or name in RESERVED | WINDOWS_DEVICES:
            raise ConfigError("the short name takes a-z, 0-9 and -, and is none of the reserved words")
        if url.strip():
            write_answers(name, base_url=parse_address(url).url)
        elif not read_answers(name):
            raise ConfigError("a new customer needs a base URL")
        open_walk(name, self._file)
        return f"<p>Go on in <a href='../{escape(name)}/00-start.ipynb' target='_blank'>{escape(name)}/00-start.ipynb</a>: it is this customer's own copy.</p>"

    def credentials(self) -> Panel:
        """Enter base URL, Client ID, Client Secret and Agent ID, and choose where the secret is kept."""
        known = self._tenant
        html = f"<p>{escape(self._credentials_text())}</p>"
        if self.name == PRACTICE or self._file:
            return Panel(widgets.HTML(html), html, self._credentials_text())
        url = widgets.Text(description="Base URL", value=known.base_url if known else "")
        client = widgets.Text(description="Client ID", value=known.client_id if known else "")
        agent = widgets.Text(description="Agent ID", value=str(known.agent_id or "") if known else "")
        places = [_HERE, _FILE, *([_KEYRING] if _keyring_works() else [])]
        place = widgets.Dropdown(description="Keep it in", options=places)
        entry = SecretEntry(lambda secret: self._keep(secret, str(place.value)), self._secret_text)
        button = widgets.Button(description="Save and check the form", icon="check")
        shown = widgets.HTML()

        def work() -> None:
            write_answers(
                self.name,
                base_url=url.value.strip(),
                client_id=client.value.strip(),
                agent_id=agent.value.strip(),
            )
            self._load()
            shown.value = evidence_html(self._verify(["address.url", "token.form"]), self.edition)

        button.on_click(_safely(button, shown, work))
        return Panel(
            widgets.VBox([url, client, place, entry, agent, button, shown]), html, self._credentials_text()
        )

    def _credentials_text(self) -> str:
        if self.name == PRACTICE:
            return "The practice tenant's four values are known already: nothing to enter."
        if self._file:
            return f"The four values of {self.name} stand in the tenants file: nothing to enter."
        return f"Run this notebook in JupyterLab to enter the four values of {self.name}."

    def _keep(self, secret: Secret, place: str) -> None:
        """Keep a secret where the person chose; in this kernel in any case."""
        if not secret:
            return
        _memory[self.name] = secret
        if place == _FILE:
            path = data_folder() / "secrets" / f"{self.name}.secret"
            write_private(path, secret)
            write_answers(self.name, client_secret=f"file:{path}")
        elif place == _KEYRING:
            import keyring

            keyring.set_password(KEYRING_SERVICE, self.name, secret.reveal())
            write_answers(self.name, client_secret="keyring:")  # noqa: S106 - a reference
        self._load()

    def _secret_text(self) -> str:
        if self.name in _memory:
            kept = self._tenant.client_secret if self._tenant else ""
            where = (
                "in memory, and in a private file"
                if str(kept).startswith("file:")
                else "in memory, and in the keyring"
                if kept
                else "in memory"
            )
            return f"kept {where}"
        return "not set" if not (self._tenant and self._tenant.client_secret) else "kept from before"

    # --- results ---

    def agents(self) -> _Static:
        """List the agents; the one that the application logs in as is marked."""
        try:
            agents, own = list_agents_and_own(self.tenant)
        except HaloError as error:
            return _Static(f"<p>{escape(redact(error.seen))}</p>", redact(error.seen))
        return _Static(_agents_html(agents, own), agents_table(agents, own))

    def handover(self) -> _Static:
        """Show the four values to enter in Neo Agent; of the secret only where it is kept."""
        try:
            tenant = self.tenant
            result = self._verify(["address.url", "token.form", "identity.agent"])
            source = resolve(tenant.client_secret, tenant.name, tenant.folder).source
        except HaloError as error:
            return _Static(f"<p>{escape(error.seen)}</p>", error.seen)
        agent = result.agent
        rows = [("Client ID", tenant.client_id), ("Client Secret", f"never shown here; {source}"),
                ("HaloPSA Base URL", result.base_url), ("Agent ID", f"{agent.id} ({agent.name})" if agent else str(tenant.agent_id or "not known yet"))]  # fmt: skip
        html = (
            "<table>"
            + "".join(
                f"<tr><th style='text-align:left'>{k}</th><td style='text-align:left'>{escape(v)}</td></tr>"
                for k, v in rows
            )
            + "</table>"
        )
        if tenant.name == PRACTICE:
            html += "<p>These are the practice tenant's: do not enter them in Neo Agent.</p>"
        return _Static(html, "\n".join(f"{k}: {v}" for k, v in rows))


def _safely(button: widgets.Button, shown: widgets.HTML, work: Callable[[], None]) -> Callable[[Any], None]:
    """Run a button's work: one click at a time, every foreseeable error as a sentence."""

    def clicked(_: object) -> None:
        button.disabled = True
        shown.value = "<p>Checking …</p>"
        try:
            work()
        except HaloError as error:
            shown.value = f"<p><b>{escape(redact(error.seen))}</b></p>"
        except Exception as error:
            shown.value = f"<p><b>This tool failed ({type(error).__name__}); please report it.</b></p>"
        finally:
            button.disabled = False

    return clicked


def _keyring_works() -> bool:
    """Say whether the system has a keyring that can be used; in a bare container there is none."""
    try:
        import keyring
        from keyring.backends.fail import Keyring as NoKeyring
    except ImportError:
        return False
    return not isinstance(keyring.get_keyring(), NoKeyring)


def _step_html(step: Step, edition: str, instance: str) -> str:
    lines = []
    if step.path:
        link = (
            f" (<a href='{escape(instance + step.link)}' target='_blank'>open it</a>)"
            if step.link and instance
            else ""
        )
        also = f" <small>also: {escape(step.also_called)}</small>" if step.also_called else ""
        lines.append(f"<p><b>Where:</b> {escape(step.path)}{link}{also}</p>")
    if step.fields:
        cell = "<td style='text-align:left;vertical-align:top;padding:.2em 1em .2em 0'>"
        head = "".join(f"{cell}<b>{word}</b></td>" for word in ("Field", "Set it to", "Because"))
        rows = "".join(
            f"<tr>{cell}<b>{escape(f.name)}</b></td>{cell}{escape(f.value)}</td>{cell}{escape(f.why)}{_edition_notes(f, edition)}</td></tr>"
            for f in step.fields
        )
        lines.append(f"<table><tr>{head}</tr>{rows}</table>")
    if step.see:
        lines.append(f"<p><b>You should see:</b> {escape(step.see)}</p>")
    if step.missing:
        lines.append(f"<p><b>If not:</b> {escape(step.missing)}</p>")
    return "".join(lines)


def _edition_notes(field: Field, edition: str) -> str:
    """Say what the editions of the documentation say where they differ; the chosen edition comes first."""
    notes = sorted(field.by_edition, key=lambda note: note[0] != edition)
    return "".join(
        f"<br><small>{'<b>' if name == edition else ''}{name} edition{'</b>' if name == edition else ''}: {escape(text)}</small>"
        for name, text in notes
    )


def _step_text(step: Step, edition: str) -> str:
    lines = [f"Where: {step.path}"] if step.path else []
    lines += [
        f"{f.name}: {f.value}" + (f" ({edition} edition: {f.note(edition)})" if f.note(edition) else "")
        for f in step.fields
    ]
    lines += [f"You should see: {step.see}"] if step.see else []
    return "\n".join(lines)


def _agents_html(agents: Sequence[Agent], own: Agent | None) -> str:
    def marks(agent: Agent) -> str:
        found = ["<b>the application logs in as this one</b>"] if own and own.id == agent.id else []
        found += ["disabled"] if agent.is_disabled else []
        found += ["API-only"] if agent.is_api_only else []
        found += ["in no team"] if agent.team_names == () else []
        return ", ".join(found)

    cell = "<td style='text-align:left'>"
    rows = "".join(f"<tr>{cell}{a.id}</td>{cell}{escape(a.name)}</td>{cell}{escape(', '.join(a.team_names or ()))}</td>{cell}{marks(a)}</td></tr>"
                   for a in agents)  # fmt: skip
    return f"<table><tr><th>ID</th><th>Name</th><th>Teams</th><th>Remarks</th></tr>{rows}</table>"
