"""Obvious, slow versions of the gradient code: explicit weight matrices, full batch, textbook backpropagation."""

from typing import Any

import numpy as np

from isogap._kernels import chain
from isogap.losses import Loss

Array = np.ndarray[Any, np.dtype[np.float64]]


def explicit_weights(state: Any, d: int, count: int, weights: str) -> list[Array]:
    """The first ``count`` weight matrices of the replica with generator state ``state``, from the scalar kernels."""
    state = state.copy()
    half = (d * (d + 1) // 2 + 1) // 2
    half_g = (d * (d - 1) // 2 + 1) // 2
    result = []
    for _ in range(count):
        words, scratch, z = np.empty(2 * half, np.uint64), np.empty(2 * half), np.empty(2 * half)
        chain.fill_words(state, words)
        chain.words_to_normals(words, scratch, z)
        v, tau, sign, norm = np.zeros((d, d)), np.empty(d), np.empty(d), np.empty(d)
        chain.make_reflectors(z, d, v, tau, sign, norm)
        W = np.eye(d)
        for k in range(d - 1):
            W = W - tau[k] * np.outer(v[k], v[k] @ W)
        W = sign[:, None] * W
        if weights == "gaussian":
            words, scratch, z = np.empty(2 * half_g, np.uint64), np.empty(2 * half_g), np.empty(2 * half_g)
            chain.fill_words(state, words)
            chain.words_to_normals(words, scratch, z)
            T = np.diag(norm)
            T[np.tril_indices(d, -1)] = z[: d * (d - 1) // 2]
            W = T @ W / np.sqrt(d)
        result.append(W)
    return result


def network_loss(X0: Array, Ws: list[Array], loss: Loss) -> float:
    X = X0
    for W in Ws[:-1]:
        H = W @ X
        X = H / np.sqrt((H * H).sum(axis=1, keepdims=True))
    return float(loss.value((Ws[-1] @ X)[: loss.classes]))


def weight_gradients(X0: Array, Ws: list[Array], loss: Loss) -> list[Array]:
    """``∂L/∂W_l`` for every layer, the Jacobian of each row's normalisation as an explicit ``n x n`` matrix."""
    states, preactivations = [X0], []
    for W in Ws[:-1]:
        H = W @ states[-1]
        preactivations.append(H)
        states.append(H / np.sqrt((H * H).sum(axis=1, keepdims=True)))
    dZ = np.zeros_like(states[-1])
    dZ[: loss.classes] = loss.gradient((Ws[-1] @ states[-1])[: loss.classes])
    gradients = [dZ @ states[-1].T]
    V = Ws[-1].T @ dZ
    for W, H, X in zip(reversed(Ws[:-1]), reversed(preactivations), reversed(states[:-1]), strict=True):
        dH = np.empty_like(H)
        for j, h in enumerate(H):
            r = np.sqrt(h @ h)
            dH[j] = (np.eye(h.size) - np.outer(h, h) / r**2) @ V[j] / r
        gradients.append(dH @ X.T)
        V = W.T @ dH
    return gradients[::-1]
