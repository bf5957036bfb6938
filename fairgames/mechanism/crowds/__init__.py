"""Hundreds of different users, or millions of a few types: a search with a bound."""
