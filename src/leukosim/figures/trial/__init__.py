"""Figures of a trial."""
