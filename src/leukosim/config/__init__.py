"""The schema of a run, its composition by Hydra, and the checks before anything runs."""
