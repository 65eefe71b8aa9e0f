"""Records of a practice tenant that are made from a seed.

Tickets, customers, sales, webhooks and the like.
"""
