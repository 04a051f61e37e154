"""Numbers from datasets; nothing here imports the simulator."""
