"""The administrator's lane: which field is wrong, and set on request, by an administrator's own sign-in.

Only `cli` and `panels` import this room. Its credentials live in memory, for one command.
"""
