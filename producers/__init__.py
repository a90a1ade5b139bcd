"""Doors: through which facts enter from outside; one for each party, and one for the clock."""
