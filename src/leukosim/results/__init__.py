"""What a result is: its vocabulary, its arrays, its provenance and its files on disk."""
