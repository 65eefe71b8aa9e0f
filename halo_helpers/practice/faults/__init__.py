"""What can be wrong, by where: rows of the table of scenarios."""
