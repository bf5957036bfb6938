"""Closed forms of the fair data game, derived with SymPy from the definitions alone."""
