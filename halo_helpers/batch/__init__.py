"""The fleet run: many tenants, each verified by its own run of `verify-tenant.ipynb`.

Only this package imports papermill and Jupyter's kernel machinery.
"""
