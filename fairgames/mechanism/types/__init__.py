"""The optimum among many users of few types, whose costs may all differ."""
