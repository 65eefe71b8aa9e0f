"""Every request to a HaloPSA. It only reads."""

from ..system.spared_imports import load_httpx

load_httpx()
