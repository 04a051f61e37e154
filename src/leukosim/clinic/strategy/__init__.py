"""Treatment strategies as data: courses, rules on assay results, and the log of decisions."""
