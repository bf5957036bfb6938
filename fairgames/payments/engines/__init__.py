"""Engines that price one profile, or all moves from it."""
