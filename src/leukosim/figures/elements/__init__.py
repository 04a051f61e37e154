"""What figures share: style, axes, curves, cells of maps, and how they are saved."""
