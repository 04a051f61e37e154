"""Randomised trials that would have been run on virtual patients."""
