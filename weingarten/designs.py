"""Designs and twirls: the commutant of tensor powers, averages over it, frame potentials, and the test for a t-design.

    twirl          E W^{⊗k} X (W^{⊗k})* = Σ_{π,ρ} W(π, ρ) tr(ρ* X) π
    commutant      the projector Σ W(π, ρ) |π⟩⟨ρ| on what commutes with all W^{⊗k}; its trace is E |tr W|^{2k}
    frame potential  F_k(X) = |X|^{-2} Σ_{u,v ∈ X} |tr u v*|^{2k} >= E |tr U|^{2k}, equality iff X is a k-design of U
    O, Sp          F_t(X) = |X|^{-2} Σ (tr u v')^t against E (tr W)^t, for t and for t - 1 (parity)

π is the operator that permutes the factors (U), or joins row and column legs by a pairing (O; Sp, where two rows or two
columns are joined through J), or by a set partition (S).
Sources: Gross, Audenaert & Eisert, J. Math. Phys. 48 (2007) 052104 (frame potential and designs).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise, permutations
from typing import Any

import sympy as sp

from weingarten.algebra.groups import GROUPS
from weingarten.algebra.values import integer_value
from weingarten.arguments import as_given, refuse_masked
from weingarten.combinatorics.pairings import all_pairings
from weingarten.combinatorics.permutations import cycle_type
from weingarten.combinatorics.set_partitions import all_set_partitions, blocks_of, stirling_number
from weingarten.errors import CostError, WeingartenError
from weingarten.functions import as_degree
from weingarten.legs.symbols import checked_size
from weingarten.notation.symbols import symplectic_form
from weingarten.spaces import as_group

SIZE_LIMIT = 4096  # rows of the matrices made here


def _operators(k: int, d: int, group: str) -> list[tuple[Any, Any]]:
    """Return the spanning operators of the commutant as integer arrays of shape `(d^k, d^k)`, each with its diagram."""
    import numpy as np

    if d**k > SIZE_LIMIT:
        raise CostError(f"operators of {d}^{k} rows; the limit is {SIZE_LIMIT}", estimate=d**k, limit=SIZE_LIMIT)
    if group == "U":
        diagrams: list[Any] = list(permutations(range(k)))
        blocks: list[Any] = [[(s[v], k + v) for v in range(k)] for s in diagrams]
    elif group in ("O", "Sp"):
        diagrams = list(all_pairings(k))
        blocks = [list(p) for p in diagrams]
    elif group == "S":
        diagrams = [tau for tau in all_set_partitions(2 * k)]
        blocks = [[tuple(block) for block in blocks_of(tau)] for tau in diagrams]
    else:
        raise WeingartenError(f"group={group!r}: choose U, O, Sp or S")
    if group == "Sp" and d % 2:
        raise WeingartenError(f"d={d}: Sp needs an even size")
    indices = np.indices((d,) * (2 * k)).reshape(2 * k, -1)
    result = []
    for diagram, joined in zip(diagrams, blocks, strict=True):
        fits = np.ones(indices.shape[1], dtype=np.int64)
        for block in joined:
            for a, b in pairwise(block):
                if group == "Sp" and (a < k) == (b < k):  # two rows or two columns: through J
                    fits *= (indices[a] ^ 1 == indices[b]) * (1 - 2 * (indices[a] % 2))
                else:
                    fits *= indices[a] == indices[b]
        result.append((diagram, fits.reshape(d**k, d**k)))
    return result


def _weights(operators: list[tuple[Any, Any]], d: int, k: int, group: str) -> list[list[Any]]:
    """Return `W(π, ρ)`, a generalised inverse of the Gram matrix `tr(π* ρ)`, as rationals."""
    diagrams = [diagram for diagram, _ in operators]
    if group == "U":
        kind = GROUPS["U"]
        inverse = [sorted(range(k), key=s.__getitem__) for s in diagrams]
        return [
            [_rational(integer_value(cycle_type(tuple(i[x] for x in t)), d, kind)) for t in diagrams] for i in inverse
        ]
    if group == "O":
        from weingarten.combinatorics.pairings import coset_type

        return [[_rational(integer_value(coset_type(p, q), d, GROUPS["O"])) for q in diagrams] for p in diagrams]
    if group == "Sp":
        return _inverse_of_gram([operator for _, operator in operators])
    from weingarten.ensembles.permutations import weight_table

    place = {tau: a for a, tau in enumerate(diagrams)}
    table: list[list[Any]] = [[sp.S.Zero] * len(diagrams) for _ in diagrams]
    for pi, rho, vector in weight_table((False,) * (2 * k), 1):
        value = sum((sp.Rational(c, _falling(d, b)) for b, c in vector if b <= d), sp.S.Zero)
        table[place[pi]][place[rho]] = value
    return table


def _inverse_of_gram(operators: list[Any]) -> list[list[Any]]:
    """Return the inverse of the Gram matrix on a largest independent set of operators, and 0 elsewhere."""
    from flint import fmpz_mat

    count = len(operators)
    gram = [[int((x * y).sum()) for y in operators] for x in operators]
    reduced, _, rank = fmpz_mat(gram).rref()
    chosen = [next(c for c in range(count) if reduced[r, c] != 0) for r in range(rank)]
    inverse = fmpz_mat([[gram[a][b] for b in chosen] for a in chosen]).inv()
    table: list[list[Any]] = [[sp.S.Zero] * count for _ in range(count)]
    for i, a in enumerate(chosen):
        for j, b in enumerate(chosen):
            value = inverse[i, j]
            table[a][b] = sp.Rational(int(value.p), int(value.q))
    return table


def _falling(d: int, b: int) -> int:
    result = 1
    for s in range(b):
        result *= d - s
    return result


def _rational(value: Any) -> Any:
    return sp.Rational(value.numerator, value.denominator)


def _whole_size(d: Any) -> int:
    """Return the size as an int, refusing a symbol: the operators are written out."""
    size = checked_size("d", d)
    if not size.is_Integer:
        raise WeingartenError(f"d={d}: give an integer size")
    return int(size)


def _short(group: Any) -> str:
    """Return the name of a group as the tables of this module have it."""
    if group in ("S", "permutation"):
        return "S"
    return as_group(group).name


def twirl(matrix: Any, k: int, d: int, group: str = "U") -> Any:
    """Return the average `E W^{⊗k} X (W^{⊗k})*` of a matrix over a group.

    Parameters
    ----------
    matrix : sympy Matrix or array, shape (d^k, d^k)
        X. A sympy matrix gives an exact sympy matrix; anything else a NumPy array.
    k, d : int
        Number of factors and size of W.
    group : str
        "U", "O", "Sp" or "S" (permutations).

    Examples
    --------
    >>> import sympy
    >>> from weingarten import twirl
    >>> twirl(sympy.diag(1, 0, 0, 0), 2, 2)
    Matrix([
    [1/3,   0,   0,   0],
    [  0, 1/6, 1/6,   0],
    [  0, 1/6, 1/6,   0],
    [  0,   0,   0, 1/3]])
    """
    import numpy as np

    size, degree = _whole_size(d), as_degree(k, "k", "a number of factors")
    exact = isinstance(matrix, sp.MatrixBase)
    given = np.array(matrix.tolist(), dtype=object) if exact else as_given(matrix, "matrix")
    shape = matrix.shape if exact else given.shape
    if shape != (size**degree, size**degree):
        raise WeingartenError(
            f"matrix has shape {tuple(shape)}, but {degree} factors of size {size} act on {size**degree} rows"
        )
    operators = _operators(degree, size, _short(group))
    weights = _weights(operators, size, degree, _short(group))
    traces = [(pi * given).sum() for _, pi in operators]  # tr(π' X), π real
    total = given * 0
    for (_, pi), row in zip(operators, weights, strict=True):
        factor = (
            sum(w * t for w, t in zip(row, traces, strict=True))
            if exact
            else sum(float(w) * t for w, t in zip(row, traces, strict=True))
        )
        total = total + pi * factor
    return sp.Matrix(total.tolist()).as_immutable() if exact else total


def commutant_projector(k: int, d: int, group: str = "U") -> Any:
    """Return the projector on the commutant of the k-th tensor power, as an exact sympy matrix of `d^{2k}` rows.

    It acts on matrices read row by row; its trace is the dimension of the commutant, `E |tr W|^{2k}`.

    Examples
    --------
    >>> from weingarten import commutant_projector, haar_frame_potential
    >>> P = commutant_projector(2, 2)
    >>> P == P*P, P.trace(), haar_frame_potential(2, 2)
    (True, 2, 2)
    """
    import numpy as np

    size, degree = _whole_size(d), as_degree(k, "k", "a number of factors")
    if size ** (2 * degree) > 256:
        raise CostError(
            f"the projector has {size ** (2 * degree)} rows; the limit is 256 (twirl goes further)",
            estimate=size ** (2 * degree),
            limit=256,
        )
    operators = _operators(degree, size, _short(group))
    vectors = np.array([pi.reshape(-1) for _, pi in operators], dtype=object)
    weights = np.array(_weights(operators, size, degree, _short(group)), dtype=object)
    return sp.Matrix((vectors.T @ weights @ vectors).tolist()).as_immutable()


def haar_frame_potential(k: int, d: int, group: str = "U") -> Any:
    """Return `E |tr W|^{2k}` over a group: the least frame potential, and the dimension of the commutant.

    Parameters
    ----------
    k, d : int
        Number of factors and size of W.
    group : str
        "O", "SO", "U", "SU", "Sp" or another name of these, or "S" (permutations).

    Examples
    --------
    >>> from weingarten import haar_frame_potential
    >>> [haar_frame_potential(k, 2) for k in (1, 2, 3, 4)], haar_frame_potential(2, 3, "O"), haar_frame_potential(2, 4, "S")
    ([1, 2, 5, 14], 3, 15)
    >>> [haar_frame_potential(k, 3, "SU") for k in (1, 2, 3)]
    [1, 2, 6]
    """
    size, degree = _whole_size(d), as_degree(k, "k", "a degree")
    if group in ("S", "permutation"):
        return sp.Integer(sum(stirling_number(2 * degree, j) for j in range(min(size, 2 * degree) + 1)))
    from weingarten.power_traces import power_trace_moment

    kind = as_group(group)
    if kind.name in ("U", "SU"):  # the trace is real on O, SO and Sp alone
        return power_trace_moment((1,) * degree, size, kind.name, conjugate=(1,) * degree)
    return power_trace_moment((1,) * (2 * degree), size, kind.name)


@dataclass(frozen=True)
class DesignTest:
    """Whether a finite set is a design, and the frame potentials that decide it.

    Attributes
    ----------
    is_design : bool
        Whether every potential equals the least one: exactly for exact matrices, within the bound on rounding for floats.
    potentials, least : tuple
        The potentials of the set and of the group, for the degrees in `degrees`.
    degrees : tuple of int
        The degrees that were compared.
    tolerance : float
        The bound on the rounding errors of the potentials; 0 for exact matrices.
    """

    is_design: bool
    potentials: tuple[Any, ...]
    least: tuple[Any, ...]
    degrees: tuple[int, ...]
    tolerance: float

    def __bool__(self) -> bool:
        """Tell whether the set is a design."""
        return self.is_design


def is_design(matrices: Any, t: int, group: str = "U") -> DesignTest:
    """Test whether a finite set of matrices is a t-design of U, O or Sp by its frame potential.

    Parameters
    ----------
    matrices : sequence of sympy matrices, or array of shape (N, d, d)
        The set. Sympy matrices are decided exactly.
    t : int
        U: averages of degree t in the entries and t in the conjugates. O, Sp: of degree up to t in the entries.
    group : str
        "U", "O" or "Sp".

    Raises
    ------
    WeingartenError
        If a matrix is not in the group: for such sets the potentials decide nothing. Floats may be off by the square root
        of their precision.

    Examples
    --------
    >>> import sympy
    >>> from weingarten import is_design
    >>> X, Z = sympy.Matrix([[0, 1], [1, 0]]), sympy.diag(1, -1)
    >>> pauli = [sympy.eye(2), X, Z, X*Z]
    >>> bool(is_design(pauli, 1)), is_design(pauli, 2).potentials
    (True, (4,))
    """
    degree, group = as_degree(t, "t", "a degree"), as_group(group).name
    if group not in ("U", "O", "Sp"):
        raise WeingartenError(f"group={group!r}: choose U, O or Sp")
    exact = isinstance(matrices, Sequence) and all(isinstance(m, sp.MatrixBase) for m in matrices)
    if len(matrices) == 0:
        raise WeingartenError("matrices is empty; give at least one")
    d = int(matrices[0].shape[0])
    degrees = (degree,) if group == "U" else tuple(s for s in (degree - 1, degree) if s >= 1)
    _check_members(matrices, d, group, exact)
    overlaps: Any = _exact_overlaps(matrices) if exact else _overlaps(matrices, d)
    powers = [2 * s for s in degrees] if group == "U" else list(degrees)
    from weingarten.power_traces import power_trace_moment

    least = tuple(
        haar_frame_potential(s, d) if group == "U" else power_trace_moment((1,) * s, d, group) for s in degrees
    )
    if exact:
        count = sp.Integer(len(matrices)) ** 2
        found = tuple(sp.nsimplify(sp.expand(_mean_power(overlaps, power, group == "U") / count)) for power in powers)
        return DesignTest(
            all(sp.simplify(a - b) == 0 for a, b in zip(found, least, strict=True)), found, least, degrees, 0
        )
    import numpy as np

    values = np.abs(overlaps) if group == "U" else overlaps.real
    found = tuple(float(np.mean(values**power)) for power in powers)
    # each overlap, a sum of d² products of factors with norms √d, has the error (d² + 4) eps d at most; its power p times that
    tolerance = float(max(p * (d * d + 4) * np.finfo(float).eps * float(d) ** p for p in powers))
    close = all(abs(a - float(b)) <= tolerance for a, b in zip(found, least, strict=True))
    return DesignTest(close, found, least, degrees, tolerance)


def _check_members(matrices: Any, d: int, group: str, exact: bool) -> None:
    """Refuse matrices outside the group: `u u* = 1`, real for O, `u' J u = J` for Sp."""
    import numpy as np

    form = np.array(symplectic_form(d).as_explicit().tolist(), dtype=int) if group == "Sp" else None
    one = sp.eye(d) if exact else np.eye(d)
    for k, u in enumerate(matrices if exact else _stacked(matrices, d)):
        if tuple(u.shape) != (d, d):
            raise WeingartenError(f"matrices[{k}] has shape {tuple(u.shape)}; all must be square of size {d}")
        conjugate = u.conjugate()
        faults = [u * conjugate.T - one if exact else u @ conjugate.T - one]
        if group == "O":
            faults.append(u - conjugate)
        elif form is not None:
            J = sp.Matrix(form.tolist()) if exact else form
            faults.append(u.T * J * u - J if exact else u.T @ J @ u - J)
        if not all(_vanishes(fault, exact) for fault in faults):
            form_said = (
                "" if form is None else ", with u' J u = J for J = symplectic_form: indices 2k-1 and 2k are partners"
            )
            raise WeingartenError(
                f"matrices[{k}] is not in {group}({d}), so the set is no design of it; give matrices of the group, scaled "
                f"to be unitary{form_said}"
            )


def _vanishes(fault: Any, exact: bool) -> bool:
    """Tell whether a matrix is zero: exactly, or up to the square root of the precision (ours: half of the digits)."""
    if exact:
        return all(sp.expand(x) == 0 or sp.simplify(x) == 0 for x in fault)
    import numpy as np

    return bool(np.abs(fault).max() <= np.finfo(np.result_type(fault.dtype, np.float32)).eps ** 0.5)


def _exact_overlaps(matrices: Sequence[Any]) -> list[Any]:
    return [sp.expand((u * v.H).trace()) for u in matrices for v in matrices]


def _mean_power(overlaps: list[Any], power: int, modulus: bool) -> Any:
    if modulus:
        return sp.Add(*[sp.expand(x * sp.conjugate(x)) ** (power // 2) for x in overlaps])
    return sp.Add(*[x**power for x in overlaps])


def _overlaps(matrices: Any, d: int) -> Any:
    array = _stacked(matrices, d)
    flat = array.reshape(len(array), -1)
    return flat @ flat.conj().T


def _stacked(matrices: Any, d: int) -> Any:
    """Return the matrices as one array of shape (N, d, d)."""
    import numpy as np

    for k, u in enumerate(matrices):
        refuse_masked(u, f"matrices[{k}]")
    array = as_given(matrices, "matrices")
    if array.ndim != 3 or array.shape[1:] != (d, d):
        raise WeingartenError(f"matrices has shape {array.shape}; give N square matrices as (N, d, d)")
    if not np.all(np.isfinite(array)):
        raise WeingartenError("matrices has entries that are not finite")
    return array
