"""`python -m halo_helpers` is the command `halo-runbook`."""

from .cli import main

main()
