"""Records of a practice tenant that are made from a seed: tickets, customers, sales, webhooks and the like."""
