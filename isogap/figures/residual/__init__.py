"""Figures of residual networks: variances, paths, gradients, isometry, and what training makes of them."""
