"""Answers to a caller without the right, without a token, or with an id of the wrong type."""

from __future__ import annotations

import json

from ..seed.values import Record
from ..settings import Settings
from ..wire import Answer, as_json, empty


def bad_token(settings: Settings) -> Answer:
    """Answer a missing, unknown or expired token (W13)."""
    headers = [("www-authenticate", 'Bearer error="invalid_token"')]
    if settings.bad_token_body == "json":
        return as_json(
            {"error": "invalid_token", "error_description": "The token is not valid."}, 401, headers
        )
    return empty(401, headers)


def refused(settings: Settings, usual: int = 403) -> Answer:
    """Answer a caller without the right."""
    if settings.refusal_status == "message":
        return refused_text("You do not have permission to do this.")
    return empty(usual if settings.refusal_status == "facts" else int(settings.refusal_status))


def refused_text(text: str) -> Answer:
    """Answer 403 with a text, as for records that may not be changed."""
    return as_json({"Message": text}, 403)


def exception(message: str) -> Record:
    """Return a serialised .NET exception, one of the bodies of a 400 (facts 3.3)."""
    return {
        "ClassName": "System.Exception",
        "Message": message,
        "Data": None,
        "InnerException": None,
        "HelpURL": None,
        "StackTraceString": None,
        "RemoteStackTraceString": None,
        "RemoteStackIndex": 0,
        "ExceptionMethod": None,
        "HResult": -2146233088,
        "Source": None,
        "WatsonBuckets": None,
    }


def not_a_number(text: str) -> Answer:
    """Answer an id of the wrong type with ASP.NET's model state (facts 3.3)."""
    return as_json({"id": [f"The value {json.dumps(text)[1:-1]!r} is not valid."]}, 400)
