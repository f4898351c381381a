"""Integrate a random matrix out of a network: every gluing of its ends, equal results counted together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from weingarten.algebra.several import Ring, Several
from weingarten.errors import CostError, WeingartenError
from weingarten.legs.law import Gluing, Law
from weingarten.legs.network import OPEN, Builder, Network, Node, normal_form
from weingarten.legs.symbols import Legs

LIMIT = 1_000_000  # gluings of one integration

# labels of the ends, constants put in, loops
Signature = tuple[tuple[int, ...], tuple[str | tuple[str, str], ...], tuple[int, ...]]
EMPTY = Network((), ())


@dataclass
class Flat:
    """A network laid out for gluing: vertices `0..N-1`, occurrences of the matrix, and what stays."""

    sizes: list[Any] = field(default_factory=list)
    fixed: list[tuple[int, int]] = field(default_factory=list)
    opened: dict[int, int] = field(default_factory=dict)  # outer end -> vertex
    ends: list[tuple[int, ...]] = field(default_factory=list)  # the vertices of end 2v + side
    marks: list[bool] = field(default_factory=list)
    rest: list[Node] = field(default_factory=list)


def flatten(network: Network, name: str, legs: Callable[[str], tuple[Legs, Legs]]) -> Flat:
    """Return the network with one number for each vertex, the occurrences of the matrix apart."""
    flat = Flat()
    special: dict[int, int] = {}

    def vertex(label: int, size: Any) -> int:
        if label not in special:
            special[label] = len(flat.sizes)
            flat.sizes.append(size)
            if label < 0:
                flat.fixed.append((special[label], -label))
        return special[label]

    for nodes, sizes in network.components:
        inner: dict[int, int] = {}
        for x in nodes:
            sides = []
            for labels, known in zip((x.rows, x.cols), legs(x.name), strict=True):
                side = []
                for label, size in zip(labels, known, strict=True):
                    if 0 <= label < OPEN:
                        if label not in inner:
                            inner[label] = len(flat.sizes)
                            flat.sizes.append(sizes[label])
                        side.append(inner[label])
                    else:
                        side.append(vertex(label, size))
                sides.append(tuple(side))
            if x.name == name:
                flat.ends += sides
                flat.marks.append(x.conjugated)
            else:
                flat.rest.append(Node(x.name, x.conjugated, *sides))
    for group in network.ends:
        values, outer = [x for x in group if x < 0], [x for x in group if x >= OPEN]
        v = vertex(outer[0], None)
        flat.fixed += [(v, -value) for value in values]
        flat.opened |= {x - OPEN: v for x in outer}
    return flat


def lay_out(builder: Builder, name: str) -> Flat:
    """Return a network under construction like `flatten`, the occurrences of the matrix in the order of the factors."""
    flat = Flat(sizes=list(builder.sizes))
    flat.fixed = [(builder.find(v), value) for v, value in builder.fixed.items()]
    flat.opened = {e: builder.find(v) for e, v in enumerate(builder.open)}
    for x in builder.nodes:
        sides = [tuple(map(builder.find, side)) for side in (x.rows, x.cols)]
        if x.name == name:
            flat.ends += sides
            flat.marks.append(x.conjugated)
        else:
            flat.rest.append(Node(x.name, x.conjugated, *sides))
    return flat


def integrate(
    network: Network,
    name: str,
    law: Law,
    ring: Ring,
    legs: Callable[[str], tuple[Legs, Legs]],
    symmetric: frozenset[str],
    limit: int = LIMIT,
) -> dict[Network, Several]:
    """Return the expectation over one matrix as a mapping from networks without it to coefficients."""
    flat = flatten(network, name, legs)
    if not flat.marks:
        return {network: ring.one}
    return integrate_flat(flat, name, law, ring, symmetric, limit)


def integrate_flat(
    flat: Flat, name: str, law: Law, ring: Ring, symmetric: frozenset[str], limit: int = LIMIT
) -> dict[Network, Several]:
    """Return the expectation over the matrix whose occurrences are laid out."""
    direct = _entries(flat, law, ring)
    if direct is not None:
        return {EMPTY: direct} if direct else {}
    check_cost(law.count(flat.marks), limit, f"{len(flat.marks)} factors {name}")
    return collect(flat, law, ring, symmetric)


def collect(flat: Flat, law: Law, ring: Ring, symmetric: frozenset[str]) -> dict[Network, Several]:
    """Return the sum over all gluings of a law, equal results together."""
    histograms: dict[Signature, Counter[Any]] = {}
    examples: dict[Signature, tuple[list[int], Gluing]] = {}
    for gluing in law.gluings(flat.marks):
        parent = _joined(flat, gluing)
        if parent is None:
            continue
        signature = _signature(flat, gluing, parent)
        if signature not in histograms:
            histograms[signature], examples[signature] = Counter(), (parent, gluing)
        histograms[signature][gluing.key] += 1
    weights: dict[Any, Several] = {}
    totals: dict[Network, list[Several]] = {}
    for signature, counts in histograms.items():
        result, free = _result(flat, signature, examples[signature], symmetric)
        if result is None:
            continue
        for key in counts:
            if key not in weights:
                weights[key] = law.weight(key, ring)
        value = ring.total(weights[key] * count for key, count in counts.items())
        for size in free:
            value = value * ring.size(size)
        totals.setdefault(result, []).append(value)
    summed = {key: ring.total(values) for key, values in totals.items()}
    return {key: value for key, value in summed.items() if value}


def _entries(flat: Flat, law: Law, ring: Ring) -> Several | None:
    """Return the moment of a product of entries alone by the law's own route, if it has one."""
    values = dict(flat.fixed)
    places = [values.get(end[0]) if len(end) == 1 else None for end in flat.ends]
    if flat.rest or flat.opened or any(place is None for place in places):
        return None
    known = [place for place in places if place is not None]
    return law.entries(known[::2], known[1::2], flat.marks, ring)


def check_cost(count: int, limit: int, what: str) -> None:
    """Refuse a sum of more terms than the limit."""
    if count > limit:
        raise CostError(
            f"{what} need a sum over {count} terms; the limit is {limit} (limit=... raises it: a million take 20 seconds)",
            estimate=count,
            limit=limit,
        )


def _joined(flat: Flat, gluing: Gluing) -> list[int] | None:
    """Return the representatives of all vertices after the joints; None if two different fixed indices meet."""
    parent = list(range(len(flat.sizes)))

    def find(v: int) -> int:
        while parent[v] != v:
            parent[v] = parent[parent[v]]
            v = parent[v]
        return v

    for a, b in gluing.joints:
        left, right = flat.ends[a], flat.ends[b]
        if len(left) != len(right):
            raise WeingartenError("row legs and column legs of the matrix differ in number; declare the same legs")
        for v, w in zip(left, right, strict=True):
            v, w = find(v), find(w)
            if v != w:
                parent[v] = w
    roots = [find(v) for v in range(len(parent))]
    values: dict[int, int] = {}
    for v, value in flat.fixed:
        if values.setdefault(roots[v], value) != value:
            return None
    return roots


def _signature(flat: Flat, gluing: Gluing, roots: list[int]) -> Signature:
    """Return what tells results apart, in labels by first occurrence, and the sizes of free vertices."""
    labels: dict[int, int] = {}
    ends = [labels.setdefault(roots[v], len(labels)) for v, _ in flat.fixed]
    ends += [labels.setdefault(roots[v], len(labels)) for v in flat.opened.values()]
    for x in flat.rest:
        ends += [labels.setdefault(roots[v], len(labels)) for v in x.rows]
        ends += [labels.setdefault(roots[v], len(labels)) for v in x.cols]
    names = []
    for name, a, b in gluing.through:
        names.append(name)
        ends += [labels.setdefault(roots[v], len(labels)) for v in (*flat.ends[a], *flat.ends[b])]
    free = sorted(v for v in {roots[v] for end in flat.ends for v in end} if v not in labels)
    first: dict[Any, int] = {}
    kinds = sorted(first.setdefault(flat.sizes[v], v) for v in free)
    return tuple(ends), tuple(names), tuple(kinds)


def _result(
    flat: Flat, signature: Signature, example: tuple[list[int], Gluing], symmetric: frozenset[str]
) -> tuple[Network | None, list[Any]]:
    """Build the network of a signature: its labels are the vertices."""
    ends, _names, kinds = signature
    roots, gluing = example
    if not ends:
        return EMPTY, [flat.sizes[v] for v in kinds]
    labels = iter(ends)
    fixed = [(next(labels), value) for _, value in flat.fixed]
    opened = {e: next(labels) for e in flat.opened}
    nodes = [
        Node(x.name, x.conjugated, tuple(next(labels) for _ in x.rows), tuple(next(labels) for _ in x.cols))
        for x in flat.rest
    ]
    inner: list[Any] = []  # sizes of the vertices inside of products of two constants
    for name, a, b in gluing.through:
        rows, cols = (tuple(next(labels) for _ in flat.ends[end]) for end in (a, b))
        if isinstance(name, str):
            nodes.append(Node(name, False, rows, cols))
            continue
        between = (max(ends) + 1 + len(inner),)
        inner.append(flat.sizes[flat.ends[a][0]])
        nodes += [Node(name[0], False, rows, between), Node(name[1], False, between, cols)]
    vertices = [v for v, _ in flat.fixed] + list(flat.opened.values())
    vertices += [v for x in flat.rest for v in (*x.rows, *x.cols)]
    vertices += [v for _, a, b in gluing.through for v in (*flat.ends[a], *flat.ends[b])]
    known = {roots[v]: size for v, size in enumerate(flat.sizes) if size is not None}
    sizes: list[Any] = [None] * (max(ends, default=-1) + 1)
    for label, v in zip(ends, vertices, strict=True):
        sizes[label] = known.get(roots[v])
    sizes += inner
    result, _ = normal_form(nodes, sizes, fixed, [opened[e] for e in sorted(opened)], set(), symmetric)
    return result, [flat.sizes[v] for v in kinds]
