"""Samplers of every ensemble that `weingarten` integrates: compiled reflectors for O and U, NumPy for what is cheap."""
