"""The order of factors whose entries do not commute: kept, found, or refused where an expression has lost it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from weingarten.errors import WeingartenError
from weingarten.legs.law import Law, Tree, letters_of


def in_order(trees: Sequence[Tree], laws: Mapping[str, Law], *, known: bool = False) -> Sequence[Tree]:
    """Return the traces and entries of a product as they are to be multiplied, for matrices of quantum groups among them.

    A sympy product forgets the order of its factors. The Haar state is a trace, `h(x y) = h(y x)`, so none is needed where
    all arrangements on a circle are the same: all factors equal, or all but one. The conjugate of a trace is the trace of
    the adjoint word, whose factors stand in reverse order. `known` says that the order is that of the trees.
    """
    names = {name for name, law in laws.items() if law.ordered}
    if not names:
        return trees
    trees = [adjoint(tree.parts[0]) if tree.kind == "conjugate" else tree for tree in trees]
    own = [tree for tree in trees if names & set(letters_of(tree))]
    if not known and len(own) > 1 and max(own.count(tree) for tree in own) < len(own) - 1:
        raise WeingartenError(
            f"{min(names)}: entries of quantum groups do not commute, and a product of different traces or entries has "
            "lost its order; use moment(rows=..., cols=..., group=...) or one trace"
        )
    for tree in own:
        _refuse_turned(tree.parts[0] if len(own) == 1 and tree.kind == "transpose" else tree, names)
    return trees


def adjoint(tree: Tree) -> Tree:
    """Return the adjoint of a matrix as a product in reverse order; what holds no product as transposed conjugate.

    Examples
    --------
    >>> u, v = Tree("letter", data="u"), Tree("letter", data="v")
    >>> [part.parts[0].parts[0].data for part in adjoint(Tree("product", (u, v))).parts]
    ['v', 'u']
    """
    if tree.kind == "product":
        return Tree("product", tuple(adjoint(part) for part in reversed(tree.parts)))
    if tree.kind == "unit":
        i, j, rows, cols = tree.data
        return Tree("unit", data=(j, i, cols, rows))
    if tree.kind in ("identity", "ones"):
        return Tree(tree.kind, data=tree.data[::-1])
    if tree.kind == "transpose":
        return Tree("conjugate", tree.parts)
    if tree.kind == "conjugate":
        return Tree("transpose", tree.parts)
    return Tree("transpose", (Tree("conjugate", (tree,)),))


def refuse_lost_order(trees: Sequence[Tree], laws: Mapping[str, Law]) -> None:
    """Refuse words, multiplied in this order, in which a product is transposed or conjugated.

    A conjugate (an adjoint, an inverse) of a product reverses the order and a transpose keeps it, so both are refused unless
    one letter stands below; of a whole single word they change nothing, the state is invariant.
    """
    names = {name for name, law in laws.items() if law.ordered}
    own = [tree for tree in trees if names & set(letters_of(tree))]
    for tree in own:
        inner = tree
        while len(own) == 1 and inner.kind in ("transpose", "conjugate"):
            inner = inner.parts[0]
        _refuse_turned(inner, names)


def _refuse_turned(tree: Tree, names: set[str]) -> None:
    if _turns_a_product(tree, names):
        raise WeingartenError(
            f"{min(names)}: entries of quantum groups do not commute, and the order in a transposed or conjugated "
            "product is not known; write it out, factor by factor"
        )


def _turns_a_product(tree: Tree, names: set[str]) -> bool:
    """Tell whether a transpose or conjugate stands over several of the matrices."""
    if tree.kind in ("transpose", "conjugate") and sum(name in names for name in letters_of(tree)) > 1:
        return True
    return any(_turns_a_product(part, names) for part in tree.parts)
