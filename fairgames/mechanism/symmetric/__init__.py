"""Identical users with two actions: every equilibrium, every optimum."""
