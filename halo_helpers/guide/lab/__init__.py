"""The guide in JupyterLab and as web pages: starting it, a customer's own notebooks, what is saved."""
