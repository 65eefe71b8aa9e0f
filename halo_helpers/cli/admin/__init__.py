"""Commands that need an administrator's sign-in: `inspect` and `setup`."""

from . import inspect, setup  # noqa: F401 - they register their commands
