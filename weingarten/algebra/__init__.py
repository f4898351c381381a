"""Rational functions of the dimension, Jack polynomials, the recursion, the groups' few numbers."""
