"""Every equilibrium, certified."""
