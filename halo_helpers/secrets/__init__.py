"""A secret: its value, where it is kept, how it is found again, and how it is taken out of texts."""
