"""A specification in TOML: read, checked as a whole, and turned into objects."""
