"""Random expressions in the notation of the command line, and random texts beside it."""

from __future__ import annotations

import random
from collections.abc import Iterator

_PIECES = (
    "W W11 W_{12} W[1,2] W' W^T W^{T} W.T Wᵀ W† W^H W^* W~ W^-1 W^2 Wt WT Wdag \\bar{W} W_{1,2}^* U U† U11 U12 V V11 A B A1 "
    "A_1 rho sigma a b c d alpha I Id J ( ) [ ] { } | + - * / ^ ** ' ~ , _ . ² ³ ₁₁ · − 1 2 3 10 0 1e3 1.5 .5 1e-2 2^3 tr( Tr( "
    "tr[ trace( tr{ conj( conjugate( abs( re( im( det( var( cov( sqrt( exp( sin( foo( minor( transpose( inv( Adjoint( "
    "\\mathrm{tr} \\rho \\left( \\right) \\cdot \\frac{1}{2} |W11|^2 tr(W) tr(W)^2 x y WAW AB foo E[ e i"
)
PIECES = (*_PIECES.split(), "tr(W A W' B)", "(W' A W)[1,1]")
CHARACTERS = "WUVAB12 abd'()^|*+-/tr[],†~_{}.0eEI²ᵀ⊤\\"


def grammatical(rng: random.Random, letter: str, depth: int = 3) -> str:
    """Return a text that follows the grammar for a random matrix called `letter`."""

    def matrix(level: int) -> str:
        pick = rng.random()
        if level == 0 or pick < 0.5:
            base = rng.choice([letter, letter, "A", "B", "rho"])
        elif pick < 0.7:
            base = f"({matrix(level - 1)} {rng.choice('+-')} {matrix(level - 1)})"
        else:
            base = f"{matrix(level - 1)} {matrix(level - 1)}"
            return base
        return base + rng.choice(["", "", "", "'", "^T", "^H", "†", "^2", "~", "ᵀ"])

    def factor(level: int) -> str:
        pick = rng.random()
        if pick < 0.35:
            entry = f"{letter}{rng.randint(1, 2)}{rng.randint(1, 2)}"
            return rng.choice([entry, f"conj({entry})", f"|{entry}|^2", f"{entry}^2"])
        if pick < 0.65:
            return f"tr({matrix(2)})" + rng.choice(["", "", "^2"])
        if pick < 0.75:
            return rng.choice(["a", "2", "d", "1/3", "1.5"]) + "*" + factor(level)
        if pick < 0.85 or level == 0:
            return f"({letter}' A {letter})[1,{rng.randint(1, 2)}]"
        return f"({total(level - 1)})" + rng.choice(["", "^2"])

    def product(level: int) -> str:
        return rng.choice([" ", "*", " * "]).join(factor(level) for _ in range(rng.randint(1, 2)))

    def total(level: int) -> str:
        return rng.choice([" + ", " - "]).join(product(level) for _ in range(rng.randint(1, 2)))

    return total(depth - 1)


def strings(count: int, seed: int) -> Iterator[tuple[str, str]]:
    """Yield pairs of a text and a group: grammatical ones, those with a fault put in, and pieces in any order."""
    rng = random.Random(seed)
    groups = {"O": "W", "U": "U", "SO": "W", "SU": "U", "Sp": "S", "COE": "V", "CSE": "V"}
    for k in range(count):
        group = rng.choice(list(groups))
        if k % 3 == 0:
            yield grammatical(rng, groups[group], rng.randint(1, 2)), group
        elif k % 3 == 1:
            text = list(grammatical(rng, groups[group], 2))
            for _ in range(rng.randint(1, 3)):
                place = rng.randrange(len(text) + 1)
                text[place : place + rng.randint(0, 1)] = rng.choice(CHARACTERS)
            yield "".join(text), group
        else:
            joint = rng.choice(["", " "])
            pieces = [rng.choice(PIECES).replace("W", groups[group]) for _ in range(rng.randint(1, 9))]
            yield joint.join(pieces), group
