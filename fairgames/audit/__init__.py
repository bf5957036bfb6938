"""A saved result, proven again from the scenario in it."""
