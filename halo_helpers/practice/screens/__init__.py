"""The screens that a browser sees.

The pages of the set-up, their forms, signing in, and the trainer's page.
"""
