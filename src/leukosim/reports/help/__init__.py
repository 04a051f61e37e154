"""Help made from declarations: what a field means, its unit, what is allowed, its default."""
