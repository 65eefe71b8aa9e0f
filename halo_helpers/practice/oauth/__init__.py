"""The authorisation server of a practice tenant."""
