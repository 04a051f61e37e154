"""The exact engine: one patient's marrow between two visits."""
