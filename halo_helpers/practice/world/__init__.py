"""The state of practice tenants: agents, applications, tokens, one world a tenant, all worlds of a server."""
