"""The screens that a browser sees: the pages of the set-up, their forms, signing in, and the trainer's page."""
