"""Virtual patients followed through the arms of a trial."""
