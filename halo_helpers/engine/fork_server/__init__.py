"""The fork server: every import is paid once, every notebook gets a fresh process. Linux only."""
