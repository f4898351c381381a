"""Samplers: chain, gradients, networks; knows no theory."""
