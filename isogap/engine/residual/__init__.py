"""Residual networks: the layers of the wide engine put together, and small square ones with explicit weights."""
