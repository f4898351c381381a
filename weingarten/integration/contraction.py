"""Integrate one Haar matrix out of a product of traces and open words.

Every occurrence of the random matrix is a row leg and a column leg, every constant word a wire between two legs. A
pairing p contracts row legs, a pairing q column legs (U: matrices with conjugates only); each closed loop is a trace of
the word along it, a path between two outer ends is a strand. The pair has the weight `Wg(μ(p, q))`.

For Sp the rules of O hold at dimension -d with a factor -1 for each trace and the dual for the transpose (the negative
dimension duality; Cvitanović & Kennedy, Phys. Scr. 26 (1982) 5).
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import permutations
from math import factorial
from typing import Any

from weingarten.algebra.groups import Group
from weingarten.algebra.rational import ONE, Ratio, power_of_d
from weingarten.caches import cached
from weingarten.combinatorics.coset_tables import class_rows, pair_counts
from weingarten.combinatorics.pairings import all_pairings, double_factorial, partners
from weingarten.combinatorics.partitions import Partition, all_partitions
from weingarten.errors import CostError, WeingartenError
from weingarten.integration.double_sum import combine
from weingarten.integration.limits import PAIR_LIMIT as PAIR_LIMIT
from weingarten.integration.symmetries import orbits, symmetries
from weingarten.integration.units import has_units, joined
from weingarten.integration.wires import Monomial, Strand, Wires, contractions, join, wiring
from weingarten.integration.words import Word, canonical_closed, count, plain_symmetric, reverse_transpose

PAIRS_PER_RESULT = 50  # a different product of traces costs as much as so many pairs that coincide
SURVEY, SURVEY_FROM = 400, 50_000


@dataclass(frozen=True)
class Setting:
    """What stays the same during one integration: the matrix, its group and size, the symmetric constants, a limit."""

    name: str
    kind: Group
    size: Any
    symmetric: frozenset[str] = frozenset()
    limit: int = PAIR_LIMIT


def pair_count(plain: int, conjugated: int, kind: Group) -> int:
    """Return how many pairs (p, q) an integration sums over without symmetries; 0 if the average vanishes."""
    return family_size(plain, conjugated, kind) ** 2


def family_size(plain: int, conjugated: int, kind: Group) -> int:
    """Return the number of row pairings, which is that of the column pairings."""
    if kind.alpha == 1:
        return factorial(plain) if plain == conjugated else 0
    total = plain + conjugated
    return 0 if total % 2 else int(double_factorial(total - 1))


def orbit_pairs(monomial: Monomial, setting: Setting) -> tuple[int, bool]:
    """Return how many pairs of an orbit of row pairings and a column pairing an integration sums over, and True.

    Where the number of column pairings, or the order of the group of symmetries, shows that they are more than the limit,
    this lower bound and False.
    """
    size = family_size(*count((*monomial[0], *(word for _, word, _ in monomial[1])), setting.name), setting.kind)
    if size > setting.limit:
        return size, False
    inside, _ = _split(monomial, setting.name)
    wires, marks = wiring((inside, monomial[1]), setting.name)
    group = symmetries(_plain_wires(wires, setting), _own_marks(marks, setting.kind))
    least = max(size, -(-(size**2) // group.order))
    if least > setting.limit:
        return least, group.order == 1
    return size * len(_orbits(_family_key(marks, setting.kind), group.generators)), True


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
    if family_size(plain, conjugated, setting.kind) == 0:
        return {}
    check_pairs(*orbit_pairs(monomial, setting), plain + conjugated, setting)
    if setting.kind.paired and strands:
        raise WeingartenError(f"{setting.name}: open words are not available for Sp; close them with a trace")
    inside, outside = _split(monomial, setting.name)
    result = _sum_over_pairs((inside, strands), setting)
    return {(tuple(sorted((*words, *outside))), rest): ratio for (words, rest), ratio in result.items()}


def check_pairs(pairs: int, exact: bool, factors: int, setting: Setting, each: int = 1) -> None:
    """Refuse an integration over too many pairs (or at least so many), each as costly as so many plain ones."""
    if pairs * each > setting.limit:
        number = f"{pairs} pairs" if exact else f"at least {pairs} pairs"
        weight = f", each as costly as {each} because of the entries of Sp," if each > 1 else ""
        raise CostError(
            f"{factors} factors {setting.name} need a sum over {number}{weight}; the limit is {setting.limit} "
            "(power traces and james_formula go further; limit=... raises it: a million pairs take 1 to 20 seconds)",
            estimate=pairs * each,
            limit=setting.limit,
        )


def _split(monomial: Monomial, name: str) -> tuple[tuple[Word, ...], list[Word]]:
    """Return the closed words with the matrix and those without."""
    inside = tuple(word for word in monomial[0] if any(letter.name == name for letter in word))
    return inside, [word for word in monomial[0] if all(letter.name != name for letter in word)]


def _plain_wires(wires: Wires, setting: Setting) -> Wires:
    """Return the wires with symmetric constants written in one way."""
    return {leg: (other, plain_symmetric(word, setting.symmetric)) for leg, (other, word) in wires.items()}


def _own_marks(marks: list[bool], kind: Group) -> list[bool]:
    """Return which occurrences are conjugated, where that makes a difference."""
    return marks if kind.alpha == 1 else [False] * len(marks)


def _family_key(marks: list[bool], kind: Group) -> tuple[bool, ...] | int:
    return tuple(marks) if kind.alpha == 1 else len(marks)


@cached
def _orbits(key: tuple[bool, ...] | int, generators: tuple[tuple[int, ...], ...]) -> list[tuple[int, int]]:
    """Return position and size of the orbits of row pairings; each pairing alone without symmetries."""
    family = _pairings(key)
    return orbits(family, generators) if generators else [(k, 1) for k in range(len(family))]


def _sum_over_pairs(monomial: Monomial, setting: Setting) -> dict[Monomial, Ratio]:
    wires, marks = wiring(monomial, setting.name)
    key = _family_key(marks, setting.kind)
    family = _pairings(key)
    n = len(marks) // 2
    cut = not setting.kind.paired and has_units((*monomial[0], *[word for _, word, _ in monomial[1]]))
    group = symmetries(_plain_wires(wires, setting), _own_marks(marks, setting.kind))
    chosen = _orbits(key, group.generators)
    if len(family) * len(chosen) > SURVEY_FROM:
        _survey(wires, family, setting, cut)
    outcomes: dict[tuple[tuple[int, tuple[int, Word]], ...], _Outcomes] = {}
    histograms: dict[tuple[tuple[Word, ...], int], Counter[tuple[int, int]]] = {}
    table: list[_Outcomes] = []
    rows = class_rows([family[k] for k, _ in chosen], family)
    for (k, size), classes in zip(chosen, rows, strict=True):
        joint = _joint(join(wires, family[k], 0), cut)
        if joint is None:
            continue
        rest, loops = joint
        signature = tuple(sorted(rest.items()))
        if signature not in outcomes:
            outcomes[signature] = _Outcomes(rest, key, setting, (len(table), cut))
            table.append(outcomes[signature])
        result = outcomes[signature]
        histogram = histograms.setdefault((_closed(loops, setting, cut), result.number), Counter())
        for outcome, index, number in pair_counts(result.ids, classes):
            histogram[outcome, index] += size * number
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
        sample[None if joint is None else (_closed(joint[1], setting, cut), _strands(joint[0], setting))] += 1
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

    def __init__(self, wires: Wires, key: tuple[bool, ...] | int, setting: Setting, place: tuple[int, bool]) -> None:
        self.number, cut = place
        numbers: dict[Monomial | None, int] = {}
        self.ids = array("q")

        def close(loop: Word) -> Word | int | None:
            short = joined(loop, closed=True) if cut else loop
            return _normal(short, setting.symmetric, cut) if isinstance(short, tuple) else short

        marks = key if isinstance(key, tuple) else None
        for contracted in contractions(wires, marks, close):
            joint = None if contracted is None else _joint((contracted[0], []), cut)
            outcome = None
            if contracted is not None and joint is not None:
                outcome = (tuple(sorted(contracted[1])), _strands(joint[0], setting))
            self.ids.append(numbers.setdefault(outcome, len(numbers)))
        self.results = list(numbers)


def _strands(wires: Wires, setting: Setting) -> tuple[Strand, ...]:
    """Return the strands, each from its lower to its higher end; wire number `-e - 1` is the outer end e."""
    ends = sorted((-leg - 1, word, -other - 1) for leg, (other, word) in wires.items() if 0 > leg > other)
    return tuple((start, plain_symmetric(word, setting.symmetric), end) for start, word, end in ends)


def _closed(loops: Iterable[Word], setting: Setting, cut: bool) -> tuple[Word, ...]:
    return tuple(sorted(_normal(word, setting.symmetric, cut) for word in loops))


@cached
def _normal(word: Word, symmetric: frozenset[str], cut: bool) -> Word:
    """Return the normal form of a closed word, in which matrix units are not transposed whichever way it is read."""
    versions = [canonical_closed(word, symmetric)]
    if cut:
        other = joined(reverse_transpose(word), closed=True)
        versions += [canonical_closed(other, symmetric)] if isinstance(other, tuple) else []
    return min(versions)


def _collect(
    monomial: Monomial,
    setting: Setting,
    histograms: dict[tuple[tuple[Word, ...], int], Counter[tuple[int, int]]],
    table: list[_Outcomes],
    n: int,
) -> dict[Monomial, Ratio]:
    """Weigh the counted coset types with Weingarten functions and turn empty loops into powers of d."""
    classes = all_partitions(n)
    totals: dict[tuple[int, Monomial], Counter[Partition]] = {}
    for (left, number), counts in histograms.items():
        result = table[number]
        for (outcome_id, index), pairs in counts.items():
            outcome = result.results[outcome_id]
            if outcome is None:  # units that do not fit: zero
                continue
            right, strands = outcome
            mu = classes[index]
            words = sorted((*left, *right))
            nonempty = tuple(word for word in words if word)
            key = (len(words) - len(nonempty), (nonempty, strands))
            sign = 1
            if setting.kind.paired:
                sign = -1 if (len(monomial[0]) + len(words) + len(mu)) % 2 else 1
            totals.setdefault(key, Counter())[mu] += sign * pairs
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
