"""What all runs of a folder leave behind, in one SQLite file: verdicts, set-ups, the list of runs."""
