"""Tensor networks: random and constant matrices with one or several legs of any sizes, and their exact expectations."""
