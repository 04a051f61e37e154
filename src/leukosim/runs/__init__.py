"""Configurations to results, one or thousands, callable from Python."""
