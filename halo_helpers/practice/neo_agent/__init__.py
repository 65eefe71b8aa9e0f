"""What stands in for Neo Agent, so that the walk can be practised to its end."""
