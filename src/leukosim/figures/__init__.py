"""Figures: tables to axes, one file a figure; the registry lists those that every run draws."""
