"""Deep batch-normalised linear networks with random weights: Monte Carlo, exact one-step law, bounds."""
