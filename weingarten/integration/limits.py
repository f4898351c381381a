"""Limits that several routes share."""

PAIR_LIMIT = 1_000_000  # pairs of pairings (permutations) of one expectation
ORDER_LIMIT = 1000  # coefficients of one series
