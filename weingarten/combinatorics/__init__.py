"""Partitions, permutations, pairings."""
