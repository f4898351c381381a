"""Exact Weingarten calculus: integration over Haar measure on the classical groups, without floats."""
