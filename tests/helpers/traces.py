"""The search for what a secret leaves behind."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path
from urllib.parse import quote


def forms(secret: str) -> list[bytes]:
    """Return a secret as it could stand in a file: in every encoding, and every part of ten letters."""
    parts = {secret[n : n + 10] for n in range(len(secret) - 9)}
    encoded = {base64.b64encode(b"\0" * n + secret.encode()).decode()[4 if n else 0 : -4] for n in range(3)}
    return [text.encode() for text in parts | encoded | {quote(secret), json.dumps(secret)[1:-1]}]


def holding(folder: Path, secret: str) -> list[str]:
    """Give the files below a folder that hold a secret in any form."""
    wanted = re.compile(b"|".join(map(re.escape, forms(secret))))
    found = []
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_symlink():
            try:
                raw = path.read_bytes()
            except OSError:
                continue
            if wanted.search(raw):
                found.append(str(path.relative_to(folder)))
    return found
