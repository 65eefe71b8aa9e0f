"""What every panel is made of: the widget, the form, pieces of HTML."""
