"""Diagnosis codes that more than one check gives, and the many of the token."""
