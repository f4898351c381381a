"""Slow, obvious version of the wide networks: weights as matrices, gradients by the chain rule written out."""

import numpy as np


def weights(law, width, generator):
    """A whole weight matrix: iid normals of variance 1/N, or Haar by QR with signs."""
    Z = generator.standard_normal((width, width))
    if law == "gaussian":
        return Z / np.sqrt(width)
    Q, R = np.linalg.qr(Z)
    return Q * np.sign(np.diag(R))


def normalised(h, centred=True, eps=0.0):
    """Rows less their mean, over their root mean square."""
    out = np.empty_like(h)
    for i, row in enumerate(h):
        row = row - row.mean() if centred else row
        out[i] = row / np.sqrt(np.mean(row**2) + eps)
    return out


def jacobian(row, centred=True, eps=0.0):
    """Derivative of the normalised row by the row, entry by entry."""
    n = len(row)
    G = np.eye(n) - (np.ones((n, n)) / n if centred else 0.0)
    c = G @ row
    s = np.sqrt(np.mean(c**2) + eps)
    return (G - np.outer(c, c) @ G / (n * s**2)) / s


def network(law, activation, x, depth, cotangent, generator, *, centred=True):
    """Plain network ``x -> φ(BN(W x))``: log squared gradients of the states and of the weights, first layer first."""
    kept = []
    for _ in range(depth):
        W = weights(law, x.shape[0], generator)
        h = W @ x
        u = normalised(h, centred)
        kept.append((W, x, h, u))
        x = activation.function(u)
    g = cotangent(x, generator)
    states, matrices = [np.log(np.sum(g**2))], []
    for W, x, h, u in kept[::-1]:
        g = g * activation.derivative(u)
        g = np.array([jacobian(row, centred).T @ grad for row, grad in zip(h, g, strict=True)])
        matrices.append(np.log(np.sum((g @ x.T) ** 2)))
        g = W.T @ g
        states.append(np.log(np.sum(g**2)))
    return states[::-1], matrices[::-1]


def residual(law, activation, x, depth, cotangent, generator, alpha=1.0):
    """``x -> x + α W φ(BN(x))``: log squared gradients of the states, and the last state."""
    kept = []
    for _ in range(depth):
        W = weights(law, x.shape[0], generator)
        kept.append((W, x))
        x = x + alpha * W @ activation.function(normalised(x))
    last = x
    g = cotangent(x, generator)
    states = [np.log(np.sum(g**2))]
    for W, x in kept[::-1]:
        inner = alpha * (W.T @ g) * activation.derivative(normalised(x))
        g = g + np.array([jacobian(row).T @ grad for row, grad in zip(x, inner, strict=True)])
        states.append(np.log(np.sum(g**2)))
    return states[::-1], last
