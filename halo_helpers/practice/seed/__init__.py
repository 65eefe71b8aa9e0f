"""Records of a practice tenant, made from a seed: tickets, customers, sales, webhooks and the like."""
