"""What `--help` says besides the options: commands in groups, examples, exit codes."""
