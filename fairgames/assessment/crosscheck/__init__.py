"""Numbers against closed forms; the only reader of `symbolic`."""
