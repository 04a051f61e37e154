"""Search for the best values of fields within limits."""
