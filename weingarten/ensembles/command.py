"""The command line's questions about ensembles: `weingarten expect "tr(H^4)" --group GUE`."""

from __future__ import annotations

import argparse
from dataclasses import replace
from typing import Any, cast

import sympy as sp

from weingarten.algebra.groups import Group
from weingarten.answers import Answer
from weingarten.ensembles.named import NAMED, _plain, named_matrix, size_names
from weingarten.ensembles.registry import law_of
from weingarten.errors import WeingartenError
from weingarten.legs.expectation import network_expectation
from weingarten.legs.gluing import LIMIT
from weingarten.legs.symbols import RandomMatrix
from weingarten.notation.parsing import Parser
from weingarten.notation.symbols import SymplecticForm

# the letter of the random matrix, by module and constructor
LETTERS = {"ginibre": "G", "permutations": "P", "wishart": "W", "gaussian": "H", "diagonal": "D", "quantum": "U"}
LETTERS |= {"random_projector": "P", "symmetric_spaces": "V", "corner": "T", "stiefel": "V", "states": "R"}


class EnsembleParser(Parser):
    """The notation of the command line with a matrix of an ensemble as the random one."""

    ensemble: str
    sizes: tuple[Any, ...]

    def haar_matrix(self, name: str) -> Any:
        """Return a random matrix of the ensemble."""
        self.random = True
        return named_matrix(self.ensemble, name, self.sizes)


def default_letter(ensemble: str) -> str:
    """Return the name of the random matrix on the command line.

    Examples
    --------
    >>> default_letter("GUE"), default_letter("complex Ginibre"), default_letter("bistochastic")
    ('H', 'G', 'W')
    """
    module, constructor, _, _ = NAMED[_plain(ensemble)]
    return LETTERS.get(constructor, LETTERS.get(module, "W"))


def sizes_of(ensemble: str, text: str | None) -> tuple[Any, ...]:
    """Return the sizes behind `--d`: integers or names separated by commas; symbols if it is left out.

    Examples
    --------
    >>> sizes_of("Wishart", None), sizes_of("Wishart", "2,n")
    ((p, n), (2, n))
    """
    names = size_names(ensemble)
    parts = list(names) if text is None else [part.strip() for part in text.split(",")]
    if len(parts) != len(names):
        raise WeingartenError(f"--d {text}: {ensemble} takes {', '.join(names)}; give them with commas, such as 3,5")
    found: list[Any] = []
    for part in parts:
        if not part.isidentifier() and not part.isdigit():
            raise WeingartenError(f"--d {text}: {part!r} is neither a positive integer nor a name")
        found.append(int(part) if part.isdigit() else sp.Symbol(part, integer=True, positive=True))
    return tuple(found)


def ensemble_answer(options: argparse.Namespace, haar: tuple[str, ...], constants: Any) -> tuple[Answer, str | None]:
    """Return the answer to `moment` and `expect` for an ensemble, and how the text was read."""
    ensemble = options.group
    sizes = sizes_of(ensemble, options.d)
    matrix: RandomMatrix = named_matrix(ensemble, "X", sizes)
    law = law_of(matrix)
    has_form = any(isinstance(matrix, SymplecticForm) for matrix in law.declared().values())
    kind = Group(ensemble, 1, paired=has_form, is_complex=law.conjugation != "real")
    text = options.monomial if options.command == "moment" else options.expression
    parser = EnsembleParser(
        text, matrix.shape[0], cast(Any, kind), haar or (default_letter(ensemble),), constants=constants
    )
    parser.ensemble, parser.sizes = ensemble, sizes
    expression = parser.parse()
    if options.command == "moment" and expression.has(sp.Trace):
        raise WeingartenError(f"{text!r} has a trace: use 'weingarten expect'")
    limit = getattr(options, "limit", None)
    answer = network_expectation(expression, with_range=True, limit=LIMIT if limit is None else limit)
    return _with_sizes(answer, ensemble, sizes), parser.read_as(expression)


def _with_sizes(answer: Answer, ensemble: str, sizes: tuple[Any, ...]) -> Answer:
    """Return the answer with its sizes by name, where they are several integers."""
    if len(sizes) < 2 or not all(isinstance(size, int) for size in sizes):
        return answer
    return replace(answer, sizes=tuple(zip(size_names(ensemble), sizes, strict=True)))
