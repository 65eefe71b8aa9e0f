"""Cards that show the walk: header, verdict, step, agents, rights."""
