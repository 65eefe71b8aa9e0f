"""What `setup` may write, on consent: a plan, one confirmation, writes that are read back, a way back."""
