"""The numbers and named laws of cells: what a disease is made of."""
