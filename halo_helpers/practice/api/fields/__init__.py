"""Fields of agents, applications, teams and roles, as the API shows them."""
