"""Backpropagation through the chain."""
