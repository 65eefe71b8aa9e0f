"""One notebook in a process of its own, and papermill's engine `halo-runbook`."""
