"""Plain NumPy networks of every variant, and their training."""
