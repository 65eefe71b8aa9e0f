"""What the API writes: agents, applications, webhooks, tickets and actions (W35 to W47)."""
