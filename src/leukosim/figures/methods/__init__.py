"""Figures of comparisons, searches, fits, power and sensitivity analyses."""
