"""Obvious, slow versions of the gradient code: explicit weight matrices, full batch, textbook backpropagation."""

from typing import Any

import numpy as np

from isogap.engine.kernels.normals import fill_words, words_to_normals
from isogap.model.losses import Loss

Array = np.ndarray[Any, np.dtype[np.float64]]


def explicit_weights(state: Any, d: int, count: int, weights: str) -> list[Array]:
    """The first ``count`` weight matrices of the replica with generator state ``state``, reflector by reflector."""
    state = state.copy()

    def normals(number: int) -> Array:
        half = (number + 1) // 2
        words, out = np.empty(2 * half, np.uint64), np.empty(2 * half)
        fill_words(state, words)
        words_to_normals(words, out)
        return out[:number]

    result = []
    for _ in range(count):
        z, at, W, lengths = normals(d * (d + 1) // 2), 0, np.eye(d), np.empty(d)
        signs = np.empty(d)
        for k in range(d):
            x = z[at : at + d - k].copy()
            at += d - k
            lengths[k] = np.linalg.norm(x)
            signs[k] = -1.0 if x[0] >= 0 else 1.0
            if k == d - 1:
                signs[k] = -signs[k]
                break
            # The reflector that sends x to signs[k] ‖x‖ e_1.
            x[0] -= signs[k] * lengths[k]
            H = np.eye(d)
            H[k:, k:] -= 2.0 * np.outer(x, x) / (x @ x)
            W = H @ W
        W = signs[:, None] * W
        if weights == "gaussian":
            T = np.diag(lengths)
            T[np.tril_indices(d, -1)] = normals(d * (d - 1) // 2)
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
