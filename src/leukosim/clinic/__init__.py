"""What is given (drugs), what is measured (assays) and what is decided (strategy)."""
