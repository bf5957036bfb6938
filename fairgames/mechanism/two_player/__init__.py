"""The exact optimum of two users, families of equilibria as functions of 1/alpha."""
