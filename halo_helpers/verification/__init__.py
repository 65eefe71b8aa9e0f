"""Ask the checks of one tenant."""
