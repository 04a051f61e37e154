"""What a laboratory reports: a number drawn from the cells that were sampled."""
