"""The guide without its screens: the steps, the record of each, the working copies of the notebooks."""
