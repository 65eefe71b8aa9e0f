"""What an administrator may read, and what it says of a failure."""
