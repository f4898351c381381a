"""Rotations that cost ``d log d`` operations a column: Hadamard matrix times signs, cosine transform times a signed permutation.

They act on the strips of `chain_columns`, in place: a row of a strip is four vectors of columns. d is a power of two. Of the
random words of a layer the first d choose the permutation (swaps, last row first), the next d the signs; so a rotation can be
applied again. Fixed permutations of the input (bit reversal, the order that turns a Fourier into a cosine transform) are left
out: the random permutation takes them in.
"""

from __future__ import annotations

import math

import numpy as np

from isogap.base.arrays import FloatArray
from isogap.engine.kernels.compiling import kernel
from isogap.engine.kernels.lanes.vectors import load, store
from isogap.engine.kernels.layout import height

__all__ = ["rotate_cosine", "rotate_hadamard", "turns"]


def turns(d: int) -> FloatArray:
    """Cosines and sines of ``2πk/d``, k < d/2, and of ``πk/(2d)``, k < d: four stretches of one array."""
    whole, quarter = 2 * np.pi * np.arange(max(d // 2, 1)) / d, np.pi * np.arange(d) / (2 * d)
    return np.concatenate([np.cos(whole), np.sin(whole), np.cos(quarter), np.sin(quarter)])


@kernel()
def _signs(A, strips, words, d):
    """Rows times random signs, over √d."""
    rows, scale = height(d), 1.0 / math.sqrt(d)
    for i in range(d):
        factor = scale if words[d + i] >> np.uint64(63) else 0.0 - scale
        for strip in range(strips):
            at = 4 * (rows * strip + i)
            for c in range(at, at + 4):
                store(A, c, factor * load(A, c))


@kernel()
def _permute(A, strips, words, d):
    """Fisher-Yates: row i changes places with one of ``0 .. i``."""
    rows = height(d)
    for i in range(d - 1, 0, -1):
        j = int(float(words[i] >> np.uint64(11)) * 2.0**-53 * (i + 1))
        if j != i:
            for strip in range(strips):
                a, b = 4 * (rows * strip + i), 4 * (rows * strip + j)
                for c in range(4):
                    x, y = load(A, a + c), load(A, b + c)
                    store(A, a + c, y)
                    store(A, b + c, x)


@kernel()
def rotate_hadamard(A, strips, words, d):
    """``A <- H S A/√d``, H the Sylvester matrix, S random signs."""
    rows = height(d)
    _signs(A, strips, words, d)
    for strip in range(strips):
        base = 4 * rows * strip
        half = 1
        while half < d:
            for first in range(0, d, 2 * half):
                for i in range(first, first + half):
                    a, b = base + 4 * i, base + 4 * (i + half)
                    for c in range(4):
                        x, y = load(A, a + c), load(A, b + c)
                        store(A, a + c, x + y)
                        store(A, b + c, x - y)
            half *= 2


@kernel()
def rotate_cosine(A, strips, words, turn, d):
    """``A <- C S P A``: signed random permutation, then the orthonormal cosine transform (DCT-II, up to a fixed permutation).

    Two columns are the real and imaginary part of one; Fourier transform, parts taken apart again, quarter turns.
    """
    rows, middle = height(d), max(d // 2, 1)
    _permute(A, strips, words, d)
    _signs(A, strips, words, d)
    for strip in range(strips):
        base = 4 * rows * strip
        _fourier(A, base, turn, d)
        for i in range(1, d):
            _scale_middle(A, base + 4 * i, turn[2 * middle + i], i, d)
        for i in range(1, (d + 1) // 2):
            _quarter_turns(A, base + 4 * i, base + 4 * (d - i), turn[2 * middle + i], turn[2 * middle + d + i])


@kernel()
def _fourier(A, base, turn, d):
    middle, half = max(d // 2, 1), 1
    while half < d:
        step = d // (2 * half)
        for first in range(0, d, 2 * half):
            for k in range(half):
                cosine, sine = turn[k * step], turn[middle + k * step]
                for c in range(0, 4, 2):
                    a, b = base + 4 * (first + k) + c, base + 4 * (first + k + half) + c
                    x, y, u, v = load(A, a), load(A, a + 1), load(A, b), load(A, b + 1)
                    re, im = cosine * u + sine * v, cosine * v - sine * u
                    store(A, a, x + re)
                    store(A, a + 1, y + im)
                    store(A, b, x - re)
                    store(A, b + 1, y - im)
        half *= 2


@kernel(forceinline=True)
def _scale_middle(A, at, cosine, i, d):
    """Row d/2 is real in both parts: ``√2 cos(π/4) = 1`` times itself, up to rounding of the table."""
    if 2 * i == d:
        factor = math.sqrt(2.0) * cosine
        for c in range(at, at + 4):
            store(A, c, factor * load(A, c))


@kernel(forceinline=True)
def _quarter_turns(A, a, b, cosine, sine):
    """Rows k and d-k: parts of the two real transforms, each turned by ``πk/(2d)``."""
    half = math.sqrt(0.5)  # √2 of the cosine transform, ½ of taking parts apart
    for c in range(0, 4, 2):
        x, y, u, v = load(A, a + c), load(A, a + c + 1), load(A, b + c), load(A, b + c + 1)
        re, im = half * (x + u), half * (y - v)
        store(A, a + c, cosine * re + sine * im)
        store(A, b + c, sine * re - cosine * im)
        re, im = half * (y + v), half * (u - x)
        store(A, a + c + 1, cosine * re + sine * im)
        store(A, b + c + 1, sine * re - cosine * im)
