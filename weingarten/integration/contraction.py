"""Integrate one Haar matrix out of a product of traces and open words.

Every occurrence of the random matrix is a row leg and a column leg, every constant word a wire between two legs. A
pairing p contracts row legs, a pairing q column legs (U: matrices with conjugates only); each closed loop is a trace of
the word along it, a path between two outer ends is a strand. The pair has the weight `Wg(μ(p, q))`.

For Sp the rules of O hold at dimension -d with a factor -1 for each trace and the dual for the transpose (the negative
dimension duality; Cvitanović & Kennedy, Phys. Scr. 26 (1982) 5).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import permutations
from math import factorial
from typing import Any

from weingarten.algebra.groups import Group
from weingarten.algebra.rational import ONE, Ratio, power_of_d
from weingarten.caches import cached
from weingarten.combinatorics.pairings import all_pairings, double_factorial, partners
from weingarten.combinatorics.partitions import Partition, partition_count
from weingarten.errors import CostError, WeingartenError
from weingarten.integration.double_sum import combine
from weingarten.integration.limits import PAIR_LIMIT as PAIR_LIMIT
from weingarten.integration.units import has_units, joined
from weingarten.integration.words import Word, canonical_closed, count, plain_symmetric, reverse_transpose

PAIRS_PER_RESULT = 50  # a different product of traces costs as much as so many pairs that coincide
SURVEY, SURVEY_FROM = 400, 50_000

Strand = tuple[int, Word, int]  # from one outer end along a word to another outer end
Monomial = tuple[tuple[Word, ...], tuple[Strand, ...]]  # closed words, strands
Wires = dict[int, tuple[int, Word]]


@dataclass(frozen=True)
class Setting:
    """What stays the same during one integration: the matrix, its group and size, the symmetric constants, a limit."""

    name: str
    kind: Group
    size: Any
    symmetric: frozenset[str] = frozenset()
    limit: int = PAIR_LIMIT


def pair_count(plain: int, conjugated: int, kind: Group) -> int:
    """Return how many pairs (p, q) an integration sums over; 0 if the average vanishes by symmetry."""
    if kind.alpha == 1:
        return factorial(plain) ** 2 if plain == conjugated else 0
    total = plain + conjugated
    return 0 if total % 2 else int(double_factorial(total - 1)) ** 2


def integrate(monomial: Monomial, setting: Setting) -> dict[Monomial, Ratio]:
    """Return the average over the matrix as a mapping from monomials without it to coefficients.

    Raises
    ------
    CostError
        Before any work, if the number of pairs exceeds the limit of the setting.
    """
    closed, strands = monomial
    plain, conjugated = count((*closed, *(word for _, word, _ in strands)), setting.name)
    if plain + conjugated == 0:
        return {monomial: ONE}
    pairs = pair_count(plain, conjugated, setting.kind)
    if pairs > setting.limit:
        raise CostError(
            f"{plain + conjugated} factors {setting.name} need a sum over {pairs} pairs; the limit is {setting.limit} "
            "(power traces and james_formula go further; limit=... raises it, one million pairs take 1 to 20 seconds)",
            estimate=pairs,
            limit=setting.limit,
        )
    if pairs == 0:
        return {}
    if setting.kind.paired and strands:
        raise WeingartenError(f"{setting.name}: open words are not available for Sp; close them with a trace")
    inside = tuple(word for word in closed if any(letter.name == setting.name for letter in word))
    outside = [word for word in closed if all(letter.name != setting.name for letter in word)]
    result = _sum_over_pairs((inside, strands), setting)
    return {(tuple(sorted((*words, *outside))), rest): ratio for (words, rest), ratio in result.items()}


def _sum_over_pairs(monomial: Monomial, setting: Setting) -> dict[Monomial, Ratio]:
    import numpy as np

    from weingarten.combinatorics.coset_tables import coset_rows

    wires, marks = _wiring(monomial, setting.name)
    family = _pairings(tuple(marks) if setting.kind.alpha == 1 else len(marks))
    n = len(marks) // 2
    cut = not setting.kind.paired and has_units((*monomial[0], *[word for _, word, _ in monomial[1]]))
    if len(family) ** 2 > SURVEY_FROM:
        _survey(wires, family, setting, cut)
    array = np.array(family, dtype=np.intp).reshape(len(family), 2 * n)
    outcomes: dict[tuple[tuple[int, tuple[int, Word]], ...], _Outcomes] = {}
    histograms: dict[tuple[tuple[Word, ...], int], Any] = {}
    table: list[_Outcomes] = []
    for p, types in zip(family, coset_rows(array, array), strict=True):
        joint = _joint(join(wires, p, 0), cut)
        if joint is None:
            continue
        rest, loops = joint
        signature = tuple(sorted(rest.items()))
        if signature not in outcomes:
            outcomes[signature] = _Outcomes(rest, family, setting, (len(table), cut))
            table.append(outcomes[signature])
        result = outcomes[signature]
        key = (_closed(loops, setting), result.number)
        counts = np.bincount(result.ids * result.classes + types, minlength=len(result.results) * result.classes)
        histograms[key] = histograms[key] + counts if key in histograms else counts
    return _collect(monomial, setting, histograms, table, n)


def _joint(contracted: tuple[Wires, list[Word]], cut: bool) -> tuple[Wires, list[Word]] | None:
    """Return wires and loops with neighbouring matrix units multiplied (if there are any), or None for zero."""
    if not cut:
        return contracted
    wires: Wires = {}
    for leg, (other, word) in contracted[0].items():
        short = joined(word, closed=False)
        if not isinstance(short, tuple):
            return None
        wires[leg] = (other, short)
    loops: list[Word] = []
    for word in contracted[1]:
        loop = joined(word, closed=True)
        if loop is None:
            return None
        if isinstance(loop, tuple):
            loops.append(loop)
    return wires, loops


def _survey(wires: Wires, family: tuple[tuple[int, ...], ...], setting: Setting, cut: bool) -> None:
    """Refuse a sum whose result would be too long, judged by how often a few hundred of its terms coincide.

    The pairs are picked by a fixed rule. With c coincidences among the m(m-1)/2 couples of m terms there are about
    m(m-1)/(2c) different ones (at least that many; equally frequent ones would make it exact).
    """
    sample: Counter[object] = Counter()
    for k in range(SURVEY):
        p, q = family[7919 * k % len(family)], family[(104729 * k + 31 * k * k) % len(family)]
        rest, loops = join(wires, p, 0)
        rest, more = join(rest, q, 1)
        joint = _joint((rest, [*loops, *more]), cut)
        sample[None if joint is None else (_closed(joint[1], setting), _strands(joint[0], setting))] += 1
    coincidences = sum(m * (m - 1) for m in sample.values())
    estimate = SURVEY * (SURVEY - 1) // max(1, coincidences)
    check_results(estimate, setting.limit)


def check_results(number: int, limit: int) -> None:
    """Refuse a result of too many different products; so few that they cost nothing are never refused."""
    most = max(limit, SURVEY_FROM) // PAIRS_PER_RESULT
    if number > most:
        raise CostError(
            f"the result would have at least some {number} different products of traces; the limit is {most} (fewer "
            "different constants make it shorter; limit=... raises it)",
            estimate=number,
            limit=most,
        )


class _Outcomes:
    """The results of all column contractions of one wiring, each distinct one numbered."""

    def __init__(
        self, wires: Wires, family: tuple[tuple[int, ...], ...], setting: Setting, place: tuple[int, bool]
    ) -> None:
        import numpy as np

        self.number, cut = place
        numbers: dict[Monomial | None, int] = {}
        ids = []
        for q in family:
            joint = _joint(join(wires, q, 1), cut)
            outcome = None if joint is None else (_closed(joint[1], setting), _strands(joint[0], setting))
            ids.append(numbers.setdefault(outcome, len(numbers)))
        self.ids = np.array(ids, dtype=np.intp)
        self.results = list(numbers)
        self.classes = partition_count(len(family[0]) // 2)


def _strands(wires: Wires, setting: Setting) -> tuple[Strand, ...]:
    """Return the strands, each from its lower to its higher end; wire number `-e - 1` is the outer end e."""
    ends = sorted((-leg - 1, word, -other - 1) for leg, (other, word) in wires.items() if leg > other)
    return tuple((start, plain_symmetric(word, setting.symmetric), end) for start, word, end in ends)


def _closed(loops: Iterable[Word], setting: Setting) -> tuple[Word, ...]:
    return tuple(sorted(canonical_closed(word, setting.symmetric) for word in loops))


def _collect(
    monomial: Monomial,
    setting: Setting,
    histograms: dict[tuple[tuple[Word, ...], int], Any],
    table: list[_Outcomes],
    n: int,
) -> dict[Monomial, Ratio]:
    """Weigh the counted coset types with Weingarten functions and turn empty loops into powers of d."""
    import numpy as np

    from weingarten.combinatorics.coset_tables import class_of

    totals: dict[tuple[int, Monomial], Counter[Partition]] = {}
    for (left, number), counts in histograms.items():
        result = table[number]
        for code in np.flatnonzero(counts):
            outcome = result.results[code // result.classes]
            if outcome is None:  # units that do not fit: zero
                continue
            right, strands = outcome
            mu = class_of(int(code % result.classes), n)
            words = sorted((*left, *right))
            nonempty = tuple(word for word in words if word)
            key = (len(words) - len(nonempty), (nonempty, strands))
            sign = 1
            if setting.kind.paired:
                sign = -1 if (len(monomial[0]) + len(words) + len(mu)) % 2 else 1
            totals.setdefault(key, Counter())[mu] += sign * int(counts[code])
        check_results(len(totals), setting.limit)
    answer: dict[Monomial, Ratio] = {}
    for (empty, rest), histogram in totals.items():
        value = combine(histogram, setting.size, setting.kind) * loop_factor(empty, setting.size)
        if value:
            answer[rest] = answer[rest] + value if rest in answer else value.cancelled()
    return answer


def loop_factor(empty: int, size: Any) -> Ratio | int:
    """Return the value of so many traces of the identity."""
    return int(size**empty) if isinstance(size, int) else power_of_d(empty)


@cached
def _pairings(marks: tuple[bool, ...] | int) -> tuple[tuple[int, ...], ...]:
    """Return all admissible pairings of the occurrences as tuples of partners; U pairs plain with conjugated ones."""
    if isinstance(marks, int):
        return tuple(tuple(partners(pairing)) for pairing in all_pairings(marks // 2))
    plain = [v for v, mark in enumerate(marks) if not mark]
    bars = [v for v, mark in enumerate(marks) if mark]
    result = []
    for choice in permutations(bars):
        images = [0] * len(marks)
        for v, w in zip(plain, choice, strict=True):
            images[v], images[w] = w, v
        result.append(tuple(images))
    return tuple(result)


def _wiring(monomial: Monomial, name: str) -> tuple[Wires, list[bool]]:
    """Return the wires between legs, and the conjugation mark of each occurrence.

    Occurrence v has row leg `2v` and column leg `2v + 1`; the outer end e has the number `-e - 1`.
    """
    closed, strands = monomial
    wires: Wires = {}
    marks: list[bool] = []

    def connect(a: int, word: Word, b: int) -> None:
        wires[a], wires[b] = (b, word), (a, reverse_transpose(word))

    def walk(word: Word, leg: int) -> tuple[int, Word]:
        constant: Word = ()
        for letter in word:
            if letter.name != name:
                constant = (*constant, letter)
                continue
            row = 2 * len(marks)
            marks.append(letter.conjugated)
            connect(leg, constant, row + letter.transposed)
            leg, constant = row + 1 - letter.transposed, ()
        return leg, constant

    for word in closed:
        k = next(k for k, letter in enumerate(word) if letter.name == name)
        first, head = word[k], 2 * len(marks)
        marks.append(first.conjugated)
        leg, constant = walk(word[k + 1 :] + word[:k], head + 1 - first.transposed)
        connect(leg, constant, head + first.transposed)
    for start, word, end in strands:
        leg, constant = walk(word, -start - 1)
        connect(leg, constant, -end - 1)
    return wires, marks


def join(wires: Wires, partner: tuple[int, ...], parity: int) -> tuple[Wires, list[Word]]:
    """Contract the legs of one parity (0 rows, 1 columns) by a pairing; return the new wires and the closed loops."""
    rest: Wires = {}
    loops: list[Word] = []
    seen: set[int] = set()
    for leg, (other, word) in wires.items():
        if leg >= 0 and leg % 2 == parity:
            continue
        while other >= 0 and other % 2 == parity:
            seen.add(other)
            leg_in = 2 * partner[other // 2] + parity
            seen.add(leg_in)
            other, more = wires[leg_in]
            word = word + more
        rest[leg] = (other, word)
    for v in range(len(partner)):
        leg = 2 * v + parity
        if leg in seen:
            continue
        loop: Word = ()
        start = leg
        while True:
            other, more = wires[leg]
            loop = loop + more
            seen.add(leg)
            seen.add(other)
            leg = 2 * partner[other // 2] + parity
            if leg == start:
                break
        loops.append(loop)
    return rest, loops
