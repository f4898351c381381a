"""Networks of matrices whose legs meet at vertices: built from trees, contracted, brought to a normal form.

A vertex is an index that is summed over its size, unless it carries a fixed value (an entry) or an outer end (an open
word). Identities and random matrices that are integrated out join vertices; a vertex that nothing is attached to any
more gives the factor "size".
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from weingarten.errors import WeingartenError
from weingarten.legs.law import Law, Tree
from weingarten.legs.symbols import Legs

OPEN = 1_000_000  # label of the outer end e is OPEN + e; a fixed index i has the label -i; inner vertices count from 0


class Node(NamedTuple):
    """A matrix in a network: its name, whether it is conjugated, the vertices of its row legs and column legs."""

    name: str
    conjugated: bool
    rows: tuple[int, ...]
    cols: tuple[int, ...]


class Network(NamedTuple):
    """A product in normal form: connected components, and the outer ends that are joined to one vertex or fixed.

    A component is a tuple of nodes; `sizes[k]` is the size of the inner vertex k of a component.
    """

    components: tuple[tuple[tuple[Node, ...], tuple[Any, ...]], ...]
    ends: tuple[tuple[int, ...], ...]  # groups of labels of vertices that have outer ends


@dataclass
class Builder:
    """A network under construction: vertices with sizes, joined as the matrices are put in."""

    legs: Callable[[str], tuple[Legs, Legs]]
    law: Callable[[str], Law | None] = lambda name: None
    sizes: list[Any] = field(default_factory=list)
    parent: list[int] = field(default_factory=list)
    fixed: dict[int, int] = field(default_factory=dict)
    open: list[int] = field(default_factory=list)
    nodes: list[Node] = field(default_factory=list)

    def new(self, size: Any) -> int:
        """Return a new vertex."""
        self.sizes.append(size)
        self.parent.append(len(self.parent))
        return len(self.parent) - 1

    def find(self, v: int) -> int:
        """Return the representative of a vertex."""
        while self.parent[v] != v:
            v = self.parent[v]
        return v

    def join(self, left: tuple[int, ...], right: tuple[int, ...], what: str) -> None:
        """Identify legs with legs; refuse legs of different sizes."""
        a, b = (tuple(self.sizes[v] for v in side) for side in (left, right))
        if a != b:
            raise WeingartenError(
                f"{what}: legs of sizes {a} meet legs of sizes {b}; declare the same legs on both sides (constant_on, haar_on)"
            )
        for v, w in zip(left, right, strict=True):
            self.parent[self.find(v)] = self.find(w)

    def close(self, tree: Tree) -> None:
        """Put in the trace of a matrix."""
        rows, cols = self.put(tree, False)
        self.join(rows, cols, "trace")

    def leave_open(self, tree: Tree) -> None:
        """Put in a matrix whose ends stay open: the next outer ends are its row legs, then its column legs."""
        rows, cols = self.put(tree, False)
        self.open += [*rows, *cols]

    def put(self, tree: Tree, bar: bool) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Put in a matrix (conjugated if `bar`) and return the vertices of its row legs and column legs."""
        if tree.kind in ("letter", "raw"):
            return self._letter(tree, bar)
        if tree.kind in ("identity", "ones", "unit"):
            return self._known(tree)
        parts = [self.put(part, bar != (tree.kind == "conjugate")) for part in tree.parts]
        if tree.kind == "product":
            for (_, left), (right, _) in itertools.pairwise(parts):
                self.join(left, right, "product")
            return parts[0][0], parts[-1][1]
        if tree.kind == "beside":
            return tuple(v for rows, _ in parts for v in rows), tuple(v for _, cols in parts for v in cols)
        rows, cols = parts[0]
        if tree.kind == "transpose":
            return cols, rows
        if tree.kind == "trace":
            for k in tree.data:
                self.join((rows[k],), (cols[k],), "partial trace")
            return tuple(v for k, v in enumerate(rows) if k not in tree.data), tuple(
                v for k, v in enumerate(cols) if k not in tree.data
            )
        if tree.kind == "turn":
            pairs = [(c, r) if k in tree.data else (r, c) for k, (r, c) in enumerate(zip(rows, cols, strict=True))]
            return tuple(r for r, _ in pairs), tuple(c for _, c in pairs)
        return rows, cols  # conjugate

    def _letter(self, tree: Tree, bar: bool) -> tuple[tuple[int, ...], tuple[int, ...]]:
        law = self.law(tree.data)
        within = law.expand(tree.data) if law is not None and tree.kind == "letter" else None
        if within is not None:
            return self.put(within, bar)
        if bar and law is not None and law.conjugation == "form":
            return self.put(law.conjugate_tree(tree.data), False)
        row_sizes, col_sizes = self.legs(tree.data)
        rows, cols = tuple(map(self.new, row_sizes)), tuple(map(self.new, col_sizes))
        inside = (cols, rows) if bar and law is not None and law.conjugation == "hermitian" else (rows, cols)
        own = law is None or law.conjugation == "own"
        self.nodes.append(Node(tree.data, bar and own, *inside))
        return rows, cols

    def _known(self, tree: Tree) -> tuple[tuple[int, ...], tuple[int, ...]]:
        if tree.kind == "unit":
            i, j, row_size, col_size = tree.data
            r, c = self.new(row_size), self.new(col_size)
            self.fixed[r], self.fixed[c] = i, j
            return (r,), (c,)
        rows = tuple(map(self.new, tree.data[0]))
        return rows, rows if tree.kind == "identity" else tuple(map(self.new, tree.data[1]))

    def free_sizes(self) -> list[Any] | None:
        """Return the sizes of the vertices that nothing is attached to; None if two fixed indices meet and differ."""
        used = {self.find(v) for x in self.nodes for side in (x.rows, x.cols) for v in side}
        values: dict[int, int] = {}
        for v, value in self.fixed.items():
            if values.setdefault(self.find(v), value) != value:
                return None
        used.update(values, map(self.find, self.open))
        return [size for v, size in enumerate(self.sizes) if self.parent[v] == v and v not in used]

    def cycles(self) -> list[int] | None:
        """Return the lengths of the traces if the network is a product of power traces of one matrix, else None.

        Examples
        --------
        >>> builder = Builder(lambda name: (("d",), ("d",)))
        >>> builder.close(Tree("product", (Tree("letter", data="X"),) * 3))
        >>> builder.cycles()
        [3]
        """
        if self.fixed or self.open or len({(x.name, x.conjugated) for x in self.nodes}) != 1:
            return None
        follow = {tuple(map(self.find, x.rows)): tuple(map(self.find, x.cols)) for x in self.nodes}
        if len(follow) != len(self.nodes) or follow.keys() != set(follow.values()):
            return None
        lengths = []
        while follow:
            start, here = follow.popitem()
            length = 1
            while here != start:
                here = follow.pop(here)
                length += 1
            lengths.append(length)
        return lengths

    def network(self, symmetric: frozenset[str]) -> tuple[Network | None, list[Any]]:
        """Return the normal form (None if it vanishes) and the sizes of the free vertices."""
        return normal_form(
            [
                Node(x.name, x.conjugated, tuple(map(self.find, x.rows)), tuple(map(self.find, x.cols)))
                for x in self.nodes
            ],
            self.sizes,
            [(self.find(v), value) for v, value in self.fixed.items()],
            [self.find(v) for v in self.open],
            {self.find(v) for v in range(len(self.sizes))},
            symmetric,
        )


def normal_form(
    nodes: list[Node],
    sizes: list[Any],
    fixed: Iterable[tuple[int, int]],
    opened: list[int],
    roots: set[int],
    symmetric: frozenset[str],
) -> tuple[Network | None, list[Any]]:
    """Return the normal form of a contracted network, and the sizes of the vertices to which nothing is attached."""
    special: dict[int, int] = {}
    for v, value in fixed:
        if special.setdefault(v, -value) != -value:
            return None, []
    groups: dict[int, list[int]] = {}
    for e, v in enumerate(opened):
        groups.setdefault(v, []).append(OPEN + e)
    ends = []
    for v, labels in groups.items():
        ends.append((*([special[v]] if v in special else []), *labels))
        special[v] = labels[0]
    used = {v for x in nodes for v in (*x.rows, *x.cols)}
    free = [sizes[v] for v in roots if v not in used and v not in special]
    found = tuple(sorted(_component(part, special, sizes, symmetric) for part in _connected(nodes, special)))
    return Network(found, tuple(sorted(ends))), free


def _connected(nodes: list[Node], special: dict[int, int]) -> list[list[Node]]:
    """Return the connected components; fixed and outer vertices do not connect."""
    home: dict[int, int] = {}
    parts: dict[int, list[Node]] = {}
    for k, x in enumerate(nodes):
        inner = {v for v in (*x.rows, *x.cols) if v not in special}
        touched = {home[v] for v in inner if v in home}
        merged = [y for t in touched for y in parts.pop(t)]
        parts[k] = [*merged, x]
        for y in parts[k]:
            for v in (*y.rows, *y.cols):
                if v not in special:
                    home[v] = k
    return list(parts.values())


def _component(
    nodes: list[Node], special: dict[int, int], sizes: list[Any], symmetric: frozenset[str]
) -> tuple[tuple[Node, ...], tuple[Any, ...]]:
    """Return one component with labels that depend on its shape alone."""
    colours = _colours(nodes, special, symmetric)
    best = min(_labellings(nodes, special, colours, symmetric))
    labelled, order = best
    return labelled, tuple(sizes[v] for v in order)


def _colours(nodes: list[Node], special: dict[int, int], symmetric: frozenset[str]) -> dict[int, Any]:
    """Return ranks of the inner vertices by what is attached to them, refined until nothing changes."""
    inner = sorted({v for x in nodes for v in (*x.rows, *x.cols) if v not in special})
    colours: dict[int, Any] = dict.fromkeys(inner, 0)
    classes = 0
    while True:
        seen: dict[int, list[Any]] = {v: [] for v in inner}
        for x in nodes:
            around = tuple(_colour(v, colours, special) for v in (*x.rows, *x.cols))
            for k, v in enumerate((*x.rows, *x.cols)):
                if v in seen:
                    here = around[::-1] if x.name in symmetric and k else around
                    seen[v].append((x.name, x.conjugated, 0 if x.name in symmetric else k, here))
        keys = {v: (colours[v], sorted(seen[v])) for v in inner}
        ranks = {key: r for r, key in enumerate(sorted({repr(key) for key in keys.values()}))}
        colours = {v: ranks[repr(keys[v])] for v in inner}
        if len(ranks) == classes:
            return colours
        classes = len(ranks)


def _colour(v: int, colours: dict[int, Any], special: dict[int, int]) -> tuple[int, int]:
    return (1, special[v]) if v in special else (0, colours[v])


TIES = 64  # labellings that are tried to break ties; beyond, equal networks may look different, which costs length only


def _labellings(
    nodes: list[Node], special: dict[int, int], colours: dict[int, Any], symmetric: frozenset[str]
) -> list[tuple[tuple[Node, ...], tuple[int, ...]]]:
    """Return the labelled forms of a component, one for each way to walk it from a vertex of the least colour."""
    starts: list[int | None] = [None]
    if colours:
        counts: dict[int, list[int]] = {}
        for v, c in colours.items():
            counts.setdefault(c, []).append(v)
        least = min(counts.values(), key=lambda vs: (len(vs), colours[vs[0]]))
        starts = [*least[:TIES]]
    return [_walked(nodes, special, colours, symmetric, start) for start in starts]


def _walked(
    nodes: list[Node], special: dict[int, int], colours: dict[int, Any], symmetric: frozenset[str], start: int | None
) -> tuple[tuple[Node, ...], tuple[int, ...]]:
    """Number the inner vertices by walking from `start`, always to the least continuation."""
    labels: dict[int, int] = {} if start is None else {start: 0}
    left = list(nodes)

    def key(x: Node) -> tuple[Any, ...]:
        ends = [_rank(v, labels, special, colours) for v in (*x.rows, *x.cols)]
        if x.name in symmetric:
            ends = sorted(ends)
        return (all(rank[0] == 2 for rank in ends), x.name, x.conjugated, ends)

    while left:
        known = min(left, key=key)
        left.remove(known)
        ends = (*known.rows, *known.cols)
        if known.name in symmetric:
            ends = tuple(sorted(ends, key=lambda v: _rank(v, labels, special, colours)))
        for v in ends:
            if v not in special:
                labels.setdefault(v, len(labels))

    def label(v: int) -> int:
        return special.get(v, labels.get(v, 0))

    done = []
    for x in nodes:
        rows, cols = tuple(map(label, x.rows)), tuple(map(label, x.cols))
        if x.name in symmetric and cols < rows:
            rows, cols = cols, rows
        done.append(Node(x.name, x.conjugated, rows, cols))
    return tuple(sorted(done)), tuple(sorted(labels, key=lambda v: labels[v]))


def _rank(v: int, labels: dict[int, int], special: dict[int, int], colours: dict[int, Any]) -> tuple[int, int]:
    if v in special:
        return 0, special[v]
    if v in labels:
        return 1, labels[v]
    return 2, colours[v]
