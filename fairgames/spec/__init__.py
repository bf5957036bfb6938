"""A TOML specification to objects, all errors at once."""
