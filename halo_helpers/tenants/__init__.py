"""A tenant: what it is, its file, and how one is found by name."""
