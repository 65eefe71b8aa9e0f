"""The workers of a Dask cluster as the executor of a fleet run."""
