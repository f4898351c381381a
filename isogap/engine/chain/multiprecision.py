"""The chain in arbitrary precision, driven by the same normals as the engine, to check float64 at any seed.

The state is ``E = X Xᵀ - I`` as a matrix of Arb midpoints; ``E`` is rotated by the same reflectors and normalised like in E7.
Radii are dropped at every layer: they grow some ten bits a layer and would say nothing, while the rounding errors themselves
are damped. What is left to the precision is the start: a smallest eigenvalue λ costs ``2 log2(1/λ)`` bits, and with Gaussian
weights every layer costs some more; these are added to the digits asked for.
"""

from __future__ import annotations

import math
import threading
from typing import Any

import numpy as np
from flint import arb, arb_mat, ctx

from isogap.base.arrays import IntArray
from isogap.base.streams import Words
from isogap.batch.start import Start
from isogap.engine.chain.checks import energy_unit
from isogap.engine.chain.raw_paths import KernelStart, RawPaths
from isogap.engine.kernels import chain_lanes as chain

# The precision of python-flint is one setting for the whole process.
_LOCK = threading.Lock()
_GUARD_BITS = 64


def paths(
    start: Start, weights: str, marks: IntArray, depth: int, states: Words, signal: IntArray, digits: int
) -> RawPaths | None:
    """Run one replica per row of ``states``, one after the other; ``None`` if ``signal[0]`` stopped it."""
    d, count, K = start.width, states.shape[0], marks.size
    out = RawPaths(
        np.zeros((depth + 1, count)), np.zeros((depth + 1, count)), np.zeros((depth, count)), np.zeros((count, K, d, d)),
        np.zeros((count, K), np.int64), np.zeros((count, K), np.int64), np.zeros((count, K)), np.zeros((count, K)),
        np.full(count, np.nan),
    )  # fmt: skip
    with _LOCK:
        before = ctx.prec
        try:
            ctx.prec = _bits(start, weights, depth, digits)
            for r in range(count):
                if not _Path(start, weights, states[r].copy(), marks.tolist()).run(out, r, depth, signal):
                    return None
        finally:
            ctx.prec = before
    return out


def _bits(start: Start, weights: str, depth: int, digits: int) -> int:
    d = start.width
    bits = digits * math.log2(10.0) + _GUARD_BITS
    if math.isfinite(start.phi0):
        bits += 2 * (d * start.phi0 + 1) / math.log(2.0)  # λ_min ≥ exp(-dφ - 1), C.8
    if weights == "gaussian":
        bits += depth * (2 * math.log2(d) + 4)  # the singular values of a product of Gaussian matrices spread
    return math.ceil(bits)


class _Path:
    """One replica."""

    def __init__(self, start: Start, weights: str, state: Words, marks: list[int]) -> None:
        self.d, self.gaussian, self.full_rank = start.width, weights == "gaussian", not start.degenerate
        self.state, self.marks = state, marks
        self.identity = arb_mat(self.d, self.d, [int(i == j) for i in range(self.d) for j in range(self.d)])
        kernel = KernelStart.of(start, weights)
        if kernel.form == chain.FORM_E:
            self.E = arb_mat(kernel.E.tolist()) * (arb(2) ** kernel.shift)
        else:
            X = arb_mat(kernel.X.tolist())
            G = X * X.transpose()
            if self.gaussian:  # its trace is d to 1e-16; the decreases, differences of logarithms, would show that
                G = (G * (self.d / sum((G[i, i] for i in range(self.d)), arb(0)))).mid()
            self.E = G - self.identity
        self.phi0 = self._gap() if self.full_rank else arb(0)
        self.unit = arb(energy_unit(weights))

    def run(self, out: RawPaths, r: int, depth: int, signal: IntArray) -> bool:
        """All layers; fills column or row ``r`` of ``out``."""
        decreases: list[Any] = []
        total = arb(0)
        for layer in range(depth + 1):
            marked = self.marks.index(layer) if layer in self.marks else -1
            if marked >= 0:
                self._snapshot(out, r, marked, total, self.phi0 - total / self.d)
            if layer == depth:
                break
            if signal[0]:
                return False
            decrease, least = self._layer()
            decreases.append(decrease)
            total = (total + decrease).mid()
            out.log_jacobian[layer, r] = float(-(1 + least).log() / 2)
            if marked >= 0:
                out.step[r, marked] = float(decrease * (arb(2) ** (-2 * int(out.shift[r, marked]))))
            signal[1] += 1
        if self.full_rank:
            self._backwards(out, r, decreases)
        return True

    def _layer(self) -> tuple[Any, Any]:
        """Rotate and normalise; return the decrease of ``d φ`` and the smallest ``Y_jj - 1``."""
        d = self.d
        norms, signs = self._rotate(self._normals(d * (d + 1) // 2))
        decrease = arb(0)
        if self.gaussian:
            below = iter(self._normals(d * (d - 1) // 2))
            L = arb_mat([[next(below) if j < i else norms[i] if j == i else 0 for j in range(d)] for i in range(d)])
            flip = arb_mat([[signs[i] if i == j else 0 for j in range(d)] for i in range(d)])
            A = L * flip
            S = (A * (self.identity + self.E) * A.transpose()) * (arb(1) / d) - self.identity
            signs = [1] * d
            decrease = sum(((n * n / d).log() for n in norms), arb(0))
        else:
            S = self.E
        rows = S.tolist()
        diagonal = [rows[i][i].mid() for i in range(d)]
        for x in diagonal:
            decrease += _excess(x) if not self.gaussian else -(1 + x).log()
        scale = [signs[i] * (1 + diagonal[i]).rsqrt() for i in range(d)]
        new = [[0 if i == j else (rows[i][j] * (scale[i] * scale[j])).mid() for j in range(d)] for i in range(d)]
        self.E = arb_mat([[new[i][j] if i >= j else new[j][i] for j in range(d)] for i in range(d)])
        return decrease.mid(), min(diagonal, key=float)

    def _normals(self, count: int) -> list[float]:
        words = np.empty(2 * ((count + 1) // 2), np.uint64)
        out = np.empty(words.size)
        chain.fill_words(self.state, words)
        chain.words_to_normals(words, out)
        result: list[float] = out[:count].tolist()
        return result

    def _rotate(self, z: list[float]) -> tuple[list[Any], list[int]]:
        """``E <- H E Hᵀ`` for all reflectors; the norms ``‖x_k‖`` and the signs."""
        d, at = self.d, 0
        norms, signs = [], []
        for k in range(d):
            x = [arb(value) for value in z[at : at + d - k]]
            at += d - k
            norms.append(sum((a * a for a in x), arb(0)).sqrt().mid())
            positive = float(x[0]) >= 0
            signs.append((1 if positive else -1) if k == d - 1 else (-1 if positive else 1))
            if k == d - 1:
                break
            x[0] = (x[0] - signs[k] * norms[k]).mid()
            v = arb_mat(d, 1, [0] * k + x)
            tau = (2 / sum((a * a for a in x), arb(0))).mid()
            p = self.E * v
            h = (v.transpose() * p)[0, 0]
            half = v * (p * tau - v * (tau * tau * h / 2)).transpose()
            self.E = (self.E - (half + half.transpose())).mid()
        return norms, signs

    def _gap(self) -> Any:
        """φ of ``I + E`` from its Cholesky factor with the unit diagonal split off; ``E`` may have a diagonal."""
        d, E = self.d, self.E.tolist()
        L: list[list[Any]] = []
        total, trace = arb(0), arb(0)
        for j in range(d):
            row: list[Any] = []
            for k in range(j):
                value = E[j][k]
                for i in range(k):
                    value -= row[i] * L[k][i]
                row.append((value / L[k][k]).mid())
            s = E[j][j] - sum((value * value for value in row), arb(0))
            total -= s.log1p().mid()
            trace += E[j][j]
            row.append((1 + s).sqrt().mid())
            L.append(row)
        return (total / d + (trace / d).log1p()).mid()

    def _snapshot(self, out: RawPaths, r: int, k: int, total: Any, expected: Any) -> None:
        """The state in floats, the sum of decreases, and how far φ by decreases is from φ of the state itself (E4)."""
        out.total[r, k] = float(total)
        largest = max((abs(x.mid()) for x in self.E.entries()), key=float, default=arb(0))
        if self.full_rank:
            gap = self._gap()
            scale = max(self.phi0, gap, self.unit, key=float)
            assert out.energy is not None
            out.energy[r] = float(abs(expected - gap).mid() / scale) if not scale.is_zero() else 0.0
            near = not self.gaussian and float(self.d * gap) <= chain.SWITCH_D_PHI
        else:
            near = False
        if near:
            shift = math.floor(float(largest.log() / arb(2).log())) if not largest.is_zero() else 0
            shift = shift if shift < -200 else 0
            out.form[r, k], out.shift[r, k] = chain.FORM_E, shift
            scaled = self.E * (arb(2) ** (-shift))
            out.snaps[r, k] = [[float(x.mid()) for x in row] for row in scaled.tolist()]
        else:
            lam, U = np.linalg.eigh([[float(x.mid()) for x in row] for row in (self.identity + self.E).tolist()])
            out.form[r, k], out.snaps[r, k] = chain.FORM_X, (U * np.sqrt(np.maximum(lam, 0.0)))[:, ::-1]

    def _backwards(self, out: RawPaths, r: int, decreases: list[Any]) -> None:
        """φ of every layer from the last one's own and the decreases, all terms positive."""
        value = self._gap()
        for layer in range(len(decreases), -1, -1):
            if layer < len(decreases):
                value = (value + decreases[layer] / self.d).mid()
            out.phi[layer, r] = float(value)
            out.log_phi[layer, r] = float(value.log().mid()) if value > 0 else -math.inf


def _excess(x: Any) -> Any:
    """``x - log(1 + x)``: by its series where the difference would cancel more than the guard bits hold."""
    size = abs(float(x))
    if size > 1e-3:
        return x - (1 + x).log()
    if x.is_zero():
        return arb(0)
    # x²/2 - x³/3 + ...: as many terms as the precision needs
    log_x = float(abs(x).log())
    terms = max(2, math.ceil(ctx.prec * math.log(2.0) / -log_x) + 1)
    total = arb(0)
    for k in range(terms + 1, 1, -1):
        total = total * (-x) + arb(1) / k
    return (x * x * total).mid()
