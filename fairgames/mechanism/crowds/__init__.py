"""Hundreds of different users, or millions of a few kinds: a search with a bound."""
