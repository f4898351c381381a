"""Closed forms, bounds and exact laws; knows no engine."""
