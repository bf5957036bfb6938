"""A utility that is measured by running an experiment."""
