"""What several runs say together: how fresh they are, what changed between them."""
