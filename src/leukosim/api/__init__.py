"""The functions that a script or a notebook calls; ``import leukosim`` offers them by name."""
