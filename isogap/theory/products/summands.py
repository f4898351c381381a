"""Sums against sums of absolute values: how strongly the terms of a convolution's gradient cancel (Bjorck et al., Table 1)."""

from __future__ import annotations

import math
from typing import Any

from isogap.base.arguments import integer


def summand_ratio(side: Any, batch: Any, *, centred: bool = True, kernel: Any = 1) -> float:
    """``mean Σ|d| / mean |Σ d|`` for independent summands ``d = g I`` of a kernel's gradient, by the central limit theorem.

    ``g`` is normal with mean 0 and ``I`` a rectified normal. With BN after the convolution the ``g`` of a channel sum to 0, so
    that only the variance of ``I`` is left in the sum: ``√(n/(π-1))`` with ``n = batch side²`` summands; without,
    ``√(n/π)``. With zero padding, an entry of the kernel away from its centre has fewer summands: the two means over all
    entries are taken first.

    Parameters
    ----------
    side : int
        Pixels along one side of the image.
    batch : int
        Images.
    centred : bool
        Whether the ``g`` sum to 0.
    kernel : int
        Odd side of the kernel; 1 leaves padding out.

    Notes
    -----
    Not a bound: summands are correlated in a network, and ``I`` of constant sign and size gives ∞ with ``centred``. With
    padding, the sum over the ``q n`` places inside has variance ``q σ²`` for ``centred`` less the ``q²`` part of the mean:
    ``Var = n σ_g² (q E I² - q² (E I)²)``.

    Examples
    --------
    >>> [round(summand_ratio(side, 128), 1) for side in (32, 16, 8)]
    [247.4, 123.7, 61.8]
    >>> [round(summand_ratio(side, 128, kernel=3), 1) for side in (32, 16, 8)]
    [240.0, 116.4, 54.8]
    """
    pixels, images, width = integer("side", side, 1), integer("batch", batch, 1), integer("kernel", kernel, 1)
    if width % 2 == 0 or width // 2 >= pixels:
        raise ValueError(f"kernel must be odd and its half smaller than the image, got {width} on {pixels} pixels")
    n = images * pixels**2
    second, first = 0.5, 1 / math.sqrt(2 * math.pi)  # E I² and E I of a rectified standard normal
    absolute = total = 0.0
    for dx in range(width):
        for dy in range(width):
            q = (1 - abs(dx - width // 2) / pixels) * (1 - abs(dy - width // 2) / pixels)
            variance = q * second - (q * first) ** 2 if centred else q * second
            absolute += n * q * math.sqrt(2 / math.pi) * first
            total += math.sqrt(2 / math.pi) * math.sqrt(n * variance)
    return absolute / total
