"""A scenario that moves in a browser: drag a cost, and payments, stable choices and the best alpha follow."""
