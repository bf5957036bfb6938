"""Grouped data in, a fitted utility out."""
