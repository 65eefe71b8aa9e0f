"""The guide as pages that run nothing, to look at before anything is installed."""
