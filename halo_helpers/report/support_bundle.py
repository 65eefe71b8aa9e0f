"""A zip for a support ticket: what was seen, without saying whose it is.

Host names, ids, Client IDs and names are replaced, the same one always by the same word, however they are
spelt; what a server said, addresses of every kind, what may be a telephone number, shares and paths are left
out. Before it is written, the whole is looked through for secrets and for what was to be replaced.
"""

from __future__ import annotations

import io
import json
import platform
import re
import sys
import zipfile
from collections.abc import Callable, Iterator
from functools import cached_property
from importlib.metadata import PackageNotFoundError, version
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ..errors import ConfigError, unwritable
from ..secrets.redaction import redact
from ..secrets.value import CLIENT_SECRET, EMAIL, GUID
from ..system.files import write_whole
from ..system.version import VERSION
from ..tenants.find import find_tenant
from ..verification.result import Verification
from ..verification.run_checks import verify
from .manifest import Manifest
from .run import Run, find_run, load_run

PACKAGES = (
    "httpx",
    "httpcore",
    "h11",
    "truststore",
    "certifi",
    "papermill",
    "nbclient",
    "ipykernel",
    "jupyterlab",
    "ipywidgets",
    "anywidget",
)
_QUOTED = re.compile(r"“[^”]*”")
_URL = re.compile(r"https?://[^\s\"'“”<>)]+")
_SCOPE = re.compile(
    r"all(:[a-z]{1,20})?|(read|edit):[a-z]{1,30}(:[a-z]{1,20})?|admin(:[a-z]{1,30})?|offline_access"
)
_ANSWER = re.compile(r"\b(answers \d{3})\b(?!,).+", re.DOTALL)
"""What a server said of its refusal stands after the status, and may be anything."""
_LEFT_OUT = {
    "[path]": re.compile(
        r"(?:\\\\|(?<![\w/])//|\b(?:smb|cifs|nfs|file)://)[^\s\"'“”]+"  # shares
        r"|\b[A-Za-z]:[\\/][^\s\"'“”]*"
        r"|(?<![\w/.-])/(?:home|Users|root|mnt|srv|opt|var|tmp)/[^\s\"'“”]*"
    ),
    "[address]": re.compile(
        r"\b\d{1,3}(?:\.\d{1,3}){3}\b"
        r"|(?<![\w:])(?:[0-9A-Fa-f]{1,4}:){3,7}[0-9A-Fa-f]{0,4}(?![\w:])"
        r"|(?<![\w:])[0-9A-Fa-f:]*::[0-9A-Fa-f:]*(?![\w:])"
        r"|\b(?:[0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2}\b"
    ),
    "[number]": re.compile(
        r"(?<![\w.,-])"
        r"(?!\d{4}-\d\d-\d\d|\d{1,2}\.\d{1,4}\.\d{1,6}(?![\d.]))"  # dates and versions stay
        r"\+?\(?\d(?:[ ()/.-]{0,2}\d){6,17}(?![\w,-])"
    ),
}
"""What may say who or where somebody is, by the word that stands for it: the order is that of replacing."""
_PRODUCTS = frozenset(
    {"Halo PSA", "HaloPSA", "Halo ITSM", "HaloITSM", "HaloCRM", "Halo PSA (practice tenant)"}
)
_VERSION = re.compile(r"\d{1,4}(?:\.\d{1,6}){1,3}")
_HOSTED = re.compile(r"(?:[A-Z]{2,4}\d{0,3}-)?(?:Stable|Beta|Practice)\d{0,3}")
"""What an instance may say of itself that names nobody."""


_WORD_BEGINS, _GOES_ON = re.compile(r"(?<![A-Za-z0-9])"), re.compile(r"[A-Za-z0-9]")


def _folded(text: str) -> str:
    """Return a text without capitals, letter by letter, so that each stands where it stood."""
    return text.casefold() if text.isascii() else "".join(letter.casefold()[:1] for letter in text)


class _Words:
    """Replaces names consistently: the same one always by the same word."""

    def __init__(self) -> None:
        self._kinds: dict[str, str] = {}

    def learn(self, kind: str, value: object) -> None:
        """Learn a value for which a word of this kind shall stand; all are learnt before any is replaced."""
        text = str(value or "").strip()
        if len(text) >= 2:
            self._kinds.setdefault(text, kind)

    @cached_property
    def _words(self) -> dict[str, str]:
        """The word for each value, in small letters; none of them is itself a value."""
        numbers: dict[str, Iterator[int]] = {}
        values = set(map(_folded, self._kinds))
        words: dict[str, str] = {}
        for text, kind in self._kinds.items():
            numbered = (f"{kind}-{number}" for number in numbers.setdefault(kind, count(1)))
            words.setdefault(_folded(text), next(word for word in numbered if word not in values))
        return words

    @cached_property
    def _lengths(self) -> dict[str, list[int]]:
        """How long the values are that begin with two letters, the longest first."""
        found: dict[str, set[int]] = {}
        for text in self._words:
            found.setdefault(text[:2], set()).add(len(text))
        return {begin: sorted(lengths, reverse=True) for begin, lengths in found.items()}

    def _values_in(self, text: str) -> Iterator[tuple[int, int, str]]:
        """Find every value as a word of its own, the longest first, in capitals or not.

        Shape: its beginning, its end and the word for it. The time does not grow with the number of values.
        """
        folded, end = _folded(text), 0
        for place in _WORD_BEGINS.finditer(text):
            begin = place.start()
            for length in self._lengths.get(folded[begin : begin + 2], ()) if begin >= end else ():
                word = self._words.get(folded[begin : begin + length])
                if word and not _GOES_ON.match(text, begin + length):
                    end = begin + length
                    yield begin, end, word
                    break

    def learn_from(self, result: Verification) -> None:
        """Learn the names in a verification."""
        self.learn("tenant", result.tenant)
        self.learn("label", result.label)
        self.learn("owner", result.owner)
        self.learn("host", urlsplit(result.base_url).hostname)
        if result.agent:
            self.learn("agent", result.agent.name)
            self.learn("agent", result.agent.label)
        for word in re.findall(r"“([^”]+)”", json.dumps(result.as_json(), ensure_ascii=False)):
            self.learn("text", word)
        for name in re.findall(r"([^;,:(]+) \(ID \d+\)", " ; ".join(check.seen for check in result.checks)):
            self.learn(
                "agent",
                name.removeprefix("it acts for ")
                .removeprefix("the token acts for ")
                .removeprefix("expected was ")
                .strip(),
            )

    def replace(self, text: str) -> str:
        """Replace everything that was learnt, and what looks like a name of somebody anyway."""
        kept, last = [], 0
        for begin, end, word in self._values_in(text):
            kept += [text[last:begin], word]
            last = end
        text = "".join([*kept, text[last:]])
        text = _URL.sub(self._url, EMAIL.sub("[e-mail]", text))
        text = GUID.sub("[id]", CLIENT_SECRET.sub("[secret]", _ANSWER.sub(r"\1 [text]", text)))
        for word, pattern in _LEFT_OUT.items():
            text = pattern.sub(word, text)
        return re.sub(r"\bID \d+", "ID [n]", _QUOTED.sub("“[text]”", text))

    def _url(self, match: re.Match[str]) -> str:
        parts = urlsplit(match.group())
        host = parts.hostname or ""
        return (
            match.group()
            if host.split("-")[0] == "host" and host[5:].isdecimal()
            else f"{parts.scheme}://[host]{parts.path if parts.path.startswith('/api') else ''}"
        )

    def stands_in(self, text: str) -> bool:
        """Whether a text still holds what was to be replaced; short words are too common to tell."""
        return any(end - begin > 4 for begin, end, _ in self._values_in(text))


def make_bundle(what: str, out: Path, runs: Path, tenants_file: str | None = None) -> list[str]:
    """Write the zip for a tenant, which is verified now, or for a run; return the names of the files in it.

    Raises: ConfigError when there is neither, a secret would be in it, or it cannot be written.
    """
    words = _Words()
    parts: dict[str, Any] = {"versions.json": _versions()}
    try:
        run = load_run(find_run(what, runs))
    except ConfigError:
        run = None
    results = run.results if run is not None else [verify(find_tenant(what, tenants_file))]
    for result in results:
        words.learn_from(result)
    if run is not None:
        parts |= _about_run(run, words)
    for number, result in enumerate(results, 1):
        parts[f"tenant-{number}.json"] = _plain(result)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, value in parts.items():
            clean = _replaced(value, words)
            text = redact(
                clean if isinstance(clean, str) else json.dumps(clean, indent=1, ensure_ascii=False)
            )
            _look_through(name, text, clean, words)
            archive.writestr(name, text)
    try:
        write_whole(out, packed.getvalue())
    except OSError as error:
        raise unwritable(error, out) from None
    return list(parts)


_KEPT = (
    "schema",
    "version",
    "engine",
    "python",
    "started_at",
    "finished_at",
    "duration_s",
    "verdict",
    "totals",
    "network",
)
"""What of a run's manifest goes into a bundle."""


def _about_run(run: Run, words: _Words) -> dict[str, Any]:
    """Return the files about a run; the names in it are learnt."""
    for pause in run.manifest.paused:
        words.learn("tenant", pause.name)
    for entry in run.manifest.tenants:
        words.learn("tenant", entry.name)
        words.learn("label", entry.label)
        words.learn("owner", entry.owner)
        words.learn("host", urlsplit(entry.base_url).hostname)
    manifest = run.manifest.as_json()
    log = run.folder / "run.log"
    return {
        "run.json": {name: manifest.get(name) for name in _KEPT} | {"parameters": _parameters(run.manifest)},
        "run.log": log.read_text(encoding="utf-8") if log.exists() else "",
    }


def _plain(result: Verification) -> dict[str, Any]:
    """Return a verification without the fields that only name somebody."""
    value = result.as_json()
    for name in ("label", "owner", "agent", "fingerprint", "secret_source"):
        value.pop(name)
    for check in value["checks"]:
        check.pop("link")
    # what was granted is the server's text
    instance = {
        "name": _listed(value["instance"].get("name"), _PRODUCTS.__contains__),
        "version": _listed(value["instance"].get("version"), _VERSION.fullmatch),
        "hosted_group": _listed(value["instance"].get("hosted_group"), _HOSTED.fullmatch),
    }
    value["instance"] = instance if value["instance"] else {}
    for check in value["checks"]:
        if check["id"] == "address.instance" and check["verdict"] == "pass":
            check["seen"] = f"{instance['name']} {instance['version']}"
    value["scopes"] = {
        kind: [one if _SCOPE.fullmatch(one) else "[scope]" for one in names]
        for kind, names in value["scopes"].items()
    }
    return value


def _listed(text: str | None, is_known: Callable[[str], object]) -> str | None:
    """Return a text that an instance says of itself, where it is one of the known ones."""
    return text if text is None or is_known(text) else "[text]"


def _parameters(manifest: Manifest) -> dict[str, Any]:
    """Return what a run was started with; of names and paths only whether there were some."""
    return {
        name: bool(value) if name in {"only", "resume", "failed_of"} else value
        for name, value in manifest.parameters.items()
    }


def _versions() -> dict[str, Any]:
    found: dict[str, str | None] = {}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = None
    return {
        "halo_runbook": VERSION,
        "python": sys.version.split()[0],
        "system": platform.system(),
        "release": re.match(r"[\d.]*", platform.release()).group(),  # type: ignore[union-attr]
        "packages": found,
    }


_OURS = frozenset(
    {
        "schema",
        "verdict",
        "code",
        "codes",
        "id",
        "title",
        "cause",
        "remedy",
        "step",
        "fixer",
        "requires",
        "scopes",
        "version",
        "engine",
        "python",
        "started_at",
        "finished_at",
        "packages",
        "halo_runbook",
        "system",
        "release",
        "totals",
        "hosted_group",
    }
)
"""Fields whose text is this program's own, and means something as it is."""


def _replaced(value: Any, words: _Words) -> Any:
    """Replace names in every text that comes from somewhere else; the structure and our own words stay."""
    if isinstance(value, str):
        return words.replace(value)
    if isinstance(value, dict):
        return {key: entry if key in _OURS else _replaced(entry, words) for key, entry in value.items()}
    return [_replaced(entry, words) for entry in value] if isinstance(value, list) else value


def _texts(value: Any) -> list[str]:
    """Return the texts in which names were replaced."""
    if isinstance(value, str):
        return [value]
    entries = (
        [entry for key, entry in value.items() if key not in _OURS]
        if isinstance(value, dict)
        else value
        if isinstance(value, list)
        else []
    )
    return [text for entry in entries for text in _texts(entry)]


def _look_through(name: str, text: str, clean: Any, words: _Words) -> None:
    """Refuse to write what still holds a secret or a name.

    Raises: ConfigError.
    """
    foreign = "\n".join(_texts(clean))
    left = words.stands_in(foreign)
    if CLIENT_SECRET.search(text) or left:
        raise ConfigError(
            f"the bundle is not written: {name} would still hold {'a name' if left else 'a secret'}; "
            "please report it"
        )
