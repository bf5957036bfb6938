"""The ``fairgames`` command."""
