"""The exact optimum of two users, families of equilibria as functions of the inverse of alpha."""
