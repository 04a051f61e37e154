"""Drugs as data: doses in, what cells are exposed to out."""
