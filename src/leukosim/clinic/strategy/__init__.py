"""Treatment strategies as data: regimens, rules on assay results, and the log of decisions."""
