"""Jack polynomials `J_λ^{(α)}` in power sums, for α = 2 (zonal polynomials) and α = 1 (Schur, up to the hook product).

`J_λ = Σ_μ θ^λ_μ p_μ` with integers θ and `θ^λ_{1^n} = 1`. They are eigenfunctions of the Laplace-Beltrami operator

    D = (α/2) Σ_{i,j} i j p_{i+j} ∂_i ∂_j + (1/2) Σ_{i,j} (i+j) p_i p_j ∂_{i+j} + ((α-1)/2) Σ_i i (i-1) p_i ∂_i

with the α-content `Σ (α j - i)` as eigenvalue. They grow box by box: by the Pieri rule `p_1 J_ν` is a combination of
the `J_{ν+box}`, whose contents are distinct, so a product of factors `D - eigenvalue` projects on one of them, exactly.
Sources: Stanley, Adv. Math. 77 (1989) 76; Macdonald, Symmetric Functions and Hall Polynomials, chapter VI.
"""

from __future__ import annotations

from collections import Counter
from math import factorial

from weingarten.algebra.rational import Ratio, add_ratios, as_roots
from weingarten.caches import cached
from weingarten.combinatorics.partitions import (
    Partition,
    all_partitions,
    boxes,
    centralizer_order,
    content_product,
    jack_norm,
    partition_index,
    replace_parts,
)
from weingarten.errors import SelfCheckError

Vector = tuple[int, ...]


def laplace_beltrami(mu: Partition, alpha: int) -> dict[Partition, int]:
    """Return `D p_μ` as a mapping from partitions to integers.

    Examples
    --------
    >>> from weingarten.algebra.jack import laplace_beltrami
    >>> laplace_beltrami((2,), 2)  # D p_2 = p_1^2 + p_2
    {(1, 1): 1, (2,): 1}
    """
    image: Counter[Partition] = Counter()
    for x, part in enumerate(mu):
        for other in mu[x + 1 :]:
            image[replace_parts(mu, (part, other), (part + other,))] += alpha * part * other
        for a in range(1, part // 2 + 1):
            image[replace_parts(mu, (part,), (a, part - a))] += part // 2 if 2 * a == part else part
        image[mu] += (alpha - 1) * part * (part - 1) // 2
    return {nu: weight for nu, weight in image.items() if weight}


@cached
def _operator(n: int, alpha: int) -> tuple[tuple[tuple[int, int], ...], ...]:
    """Return the rows of D: entry ν lists the `(weight, index of μ)` with `D p_μ = ... + weight p_ν`."""
    here = partition_index(n)
    rows: list[list[tuple[int, int]]] = [[] for _ in here]
    for mu, k in here.items():
        for nu, weight in laplace_beltrami(mu, alpha).items():
            rows[here[nu]].append((weight, k))
    return tuple(tuple(row) for row in rows)


@cached
def _insertion(n: int) -> Vector:
    """Return, for every partition of n-1, the index of the same partition with one part 1 more."""
    return tuple(partition_index(n)[(*mu, 1)] for mu in all_partitions(n - 1))


def addable(nu: Partition) -> list[tuple[int, int]]:
    """Return the boxes that can be added to the diagram, as `(row, column)`."""
    return [(i, (*nu, 0)[i]) for i in range(len(nu) + 1) if i == 0 or nu[i - 1] > (*nu, 0)[i]]


def removable(lam: Partition) -> list[int]:
    """Return the rows from which a box can be taken."""
    return [i for i, part in enumerate(lam) if i + 1 == len(lam) or lam[i + 1] < part]


def _shrink(lam: Partition, row: int) -> Partition:
    return tuple(part - (i == row) for i, part in enumerate(lam) if part > 1 or i != row)


@cached
def jack_polynomial(lam: Partition, alpha: int) -> Vector:
    """Return the coefficients `θ^λ_μ`, in the order of `all_partitions(n)`.

    Examples
    --------
    >>> from weingarten.algebra.jack import jack_polynomial
    >>> jack_polynomial((2, 1), 2)  # p_1^3 + p_2 p_1 - 2 p_3
    (-2, 1, 1)
    """
    n = sum(lam)
    if n == 0:
        return (1,)
    if len(lam) == 1 or lam[0] == 1:  # Σ α^{n-ℓ} (n!/z_μ) p_μ, and n! e_n
        base = alpha if len(lam) == 1 else -1
        return tuple(base ** (n - len(mu)) * (factorial(n) // centralizer_order(mu)) for mu in all_partitions(n))
    row = min(removable(lam), key=lambda i: len(addable(_shrink(lam, i))))
    smaller, box = _shrink(lam, row), (row, lam[row] - 1)
    base = sum(alpha * j - i for i, j in boxes(smaller))
    vector = [0] * len(all_partitions(n))
    for k, theta in zip(_insertion(n), jack_polynomial(smaller, alpha), strict=True):
        vector[k] = theta
    for i, j in addable(smaller):
        if (i, j) != box:
            eigenvalue = base + alpha * j - i
            rows = _operator(n, alpha)
            vector = [
                sum([w * vector[k] for w, k in entries]) - eigenvalue * old
                for entries, old in zip(rows, vector, strict=True)
            ]
    if not vector[-1] or any(entry % vector[-1] for entry in vector):
        raise SelfCheckError(f"the Jack polynomial of {lam}, alpha={alpha} did not come out integral")
    return tuple(entry // vector[-1] for entry in vector)


def spherical_value(lam: Partition, mu: Partition, alpha: int) -> tuple[int, int]:
    """Return numerator and denominator of the spherical function, 1 at `(1^n)`.

    α = 2: the zonal spherical function `ω^λ(μ) = 2^{ℓ(μ)} z_μ θ^λ_μ / (2^n n!)` of (S_2n, hyperoctahedral group).
    α = 1: the normalised character `χ^λ(μ) / f^λ = z_μ θ^λ_μ / n!`.
    """
    n = sum(lam)
    theta = jack_polynomial(lam, alpha)[partition_index(n)[mu]]
    return alpha ** len(mu) * centralizer_order(mu) * theta, alpha**n * factorial(n)


def spectral_terms(mu: Partition, alpha: int, z: int | None, allowed: tuple[Partition, ...]) -> Ratio:
    """Return `α^{ℓ(μ)} z_μ Σ_λ θ^λ_μ / (j_λ D_λ(z))` over the allowed λ; a function of d if `z` is None."""
    k = partition_index(sum(mu))[mu]
    front = alpha ** len(mu) * centralizer_order(mu)
    terms = []
    for lam in allowed:
        theta = jack_polynomial(lam, alpha)[k]
        if theta:
            terms.append((reciprocal_content_product(lam, alpha, z), front * theta))
    return add_ratios(terms)


def reciprocal_content_product(lam: Partition, alpha: int, z: int | None) -> Ratio:
    """Return `1 / (j_λ D_λ(z))` as a `Ratio`: a constant for an integer `z`, a function of d for None."""
    from flint import fmpz_poly

    norm = jack_norm(lam, alpha)
    if z is None:
        return Ratio(fmpz_poly([1]), norm, as_roots(Counter(i - alpha * j for i, j in boxes(lam))))
    value = norm * content_product(lam, alpha, z)
    return Ratio(fmpz_poly([1 if value > 0 else -1]), abs(value))
