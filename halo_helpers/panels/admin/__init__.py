"""An administrator's look in a notebook: which field is wrong, and setting it right on consent."""
