"""The screens that a browser sees: pages of the set-up, forms, signing in, the trainer's page."""
