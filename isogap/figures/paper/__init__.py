"""The figures of the paper, a family a module."""
