"""Routes that only an administrator reads."""
