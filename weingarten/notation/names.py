"""What a name can mean: a scalar, a constant matrix, a random matrix, a function; everything else is refused by name.

    outside of a trace   small letters and Greek names are scalars; d is the size of the matrices
    inside of a trace    every name is a matrix: random if it is one of the random names, else constant; I is the identity
    before a bracket     a function if it is one of the known ones; a single letter or a Greek name is a factor

A random name with more letters behind it (`Udag`, `Wt`) is a decoration that is understood or refused, never a constant.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from weingarten.notation.lexing import GREEK
from weingarten.notation.strangers import remedy

FUNCTIONS = {  # spelling in small letters -> what is computed
    "tr": "tr",
    "trace": "tr",
    "conj": "conj",
    "conjugate": "conj",
    "abs": "abs",
    "re": "re",
    "real": "re",
    "im": "im",
    "imag": "im",
    "det": "det",
    "determinant": "det",
    "minor": "minor",
    "var": "var",
    "variance": "var",
    "cov": "cov",
    "covariance": "cov",
    "sqrt": "sqrt",
    "inv": "inv",
    "inverse": "inv",
    "transpose": "T",
    "adjoint": "H",
    "adj": "H",
    "dagger": "H",
    "dag": "H",
    "ctranspose": "H",
}
OF_MATRICES = {"inv", "T", "H"}  # functions whose value is a matrix; conj is both
_FOREIGN = (
    "exp log ln lg sin cos tan cot sec csc sinh cosh tanh coth asin acos atan arcsin arccos arctan arg sign sgn floor ceil "
    "min max sum prod mean avg average std stdev norm rank diag vec perm per permanent pf pfaffian haf erf sinc mod "
    "expectation expect moment moments ev prob kurtosis skew cumulant cum ptrace partialtrace ptr kron tensor otimes comm "
    "commutator anticommutator power pow eig eigenvalue eigenvalues spec minors cofactor adjugate expm logm sqrtm dot inner "
    "outer fact factorial binomial binom root cbrt trunc round sup lim integral int sym"
)
FOREIGN = frozenset(_FOREIGN.split())
IDENTITY = ("I", "Id")
NOT_IDENTITY = {"id", "eye", "identity", "one", "unit", "ident"}
SUFFIXES = {  # behind the name of a matrix, in any case of the letters
    "dag": "H",
    "dagger": "H",
    "adj": "H",
    "adjoint": "H",
    "herm": "H",
    "hc": "H",
    "conj": "C",
    "conjugate": "C",
    "bar": "C",
    "inv": "inv",
    "inverse": "inv",
    "tr": "T",
    "trans": "T",
    "transp": "T",
    "transpose": "T",
    "transposed": "T",
}
_UNCLEAR = "t h d c b s p i star ast prime tilde hat ct th cc top tilda plus sq"
UNCLEAR = frozenset(_UNCLEAR.split())
SHORT = re.compile(r"[a-z](?:[0-9]+)?\Z")
CALLED = ("f", "g", "h", "p", "q", "gamma", "beta", "zeta", "Gamma")  # taken for functions before a bracket


class Names:
    """The names of one expression: the random ones, declared scalars and constants; decides what a spelling means."""

    def __init__(
        self,
        haar: Iterable[str],
        scalars: Iterable[str] = (),
        constants: Iterable[str] = (),
        *,
        text: str = "",
        group: str = "",
    ) -> None:
        self.haar, self.scalars, self.constants = tuple(haar), tuple(scalars), tuple(constants)
        self.text, self.group = text, group  # for refusals

    def random_part(self, word: str) -> str | None:
        """Return the longest random name with which a word begins."""
        return max((name for name in self.haar if word.startswith(name)), key=len, default=None)

    def decorated(self, word: str) -> tuple[str, str] | None:
        """Return stem and decoration of a word such as `Udag`, or None."""
        stem = self._stem(word)
        mark = SUFFIXES.get(word[len(stem) :].lower()) if stem else None
        return (stem, mark) if mark else None

    def _stem(self, word: str) -> str:
        known = [name for name in (*self.haar, *self.constants) if word.startswith(name) and word != name]
        if known:
            return max(known, key=len)
        return word[0] if word[0].isupper() and len(word) > 1 and word not in IDENTITY else ""

    def matrix_fault(self, word: str) -> str | None:
        """Say why a word inside of a trace is no matrix, or return None; decorated words have been seen before."""
        if word in self.haar or word in self.constants or word in IDENTITY:
            return None
        fault = self._common_fault(word)
        if fault:
            return fault
        if word.lower() in NOT_IDENTITY:
            return f"{word}: write I for the identity"
        stem = self._stem(word)
        rest = word[len(stem) :]
        if stem and rest and word.lower() not in GREEK and (stem in self.haar or rest.lower() in UNCLEAR):
            return (
                f"{word} is not understood; write {stem}^T (transpose), {stem}^H (adjoint), conj({stem}), or "
                f"'{stem} {rest}' for a product"
            )
        if re.fullmatch(r"[a-z]+(?:[TH]|dag|dagger|bar)", word) and word not in GREEK:
            return f"{word} is not understood; write the decoration as ^T, ^H or conj(...)"
        return None

    def scalar_fault(self, word: str) -> str | None:
        """Say why a word outside of a trace is no scalar, or return None."""
        if word in self.scalars:
            return None
        fault = self._common_fault(word)
        if fault:
            return fault
        bare = re.sub(r"[0-9_].*", "", word)
        if bare[0].isupper() and bare.lower() not in GREEK:
            return (
                f"{word} is no random matrix here (those are {', '.join(self.haar)}) and no scalar: "
                f"{remedy(word, self.text, self.haar, self.group)}; constant matrices belong inside tr(...), scalars are "
                "small letters"
            )
        if not bare.islower() and bare.lower() not in GREEK:
            return f"{word} is not understood; separate the factors by spaces"
        if re.fullmatch(r"[a-z]*(?:dag|dagger)", bare):
            return f"{word} is not understood; write conj(...) for the conjugate of a scalar"
        if re.fullmatch(r"e[0-9]+", word):
            return f"{word} is not understood; write 1{word} for a number, or declare the scalar with --declare {word}"
        return None

    def _common_fault(self, word: str) -> str | None:
        bare = re.sub(r"[0-9_].*", "", word)
        if bare.lower() in FUNCTIONS and len(bare) > 1 and bare.lower() not in GREEK:
            return f"{bare} is a function: write {bare}(...)"
        if bare.lower() in FOREIGN:
            return f"the function {bare} is not known here; expectations are of polynomials (known: {known()})"
        for name in self.haar:
            if bare.lower() == name.lower() and bare != name:
                return f"{word} is no random matrix; the random matrix is called {name}"
            if len(bare) > 1 and name[0].isupper() and name in bare[1:] and not bare.isupper():
                return f"{word} is not understood; separate the factors by spaces, as in '{bare[: bare.index(name, 1)]} {name}'"
        return None

    def is_factor(self, word: str) -> bool:
        """Tell whether a name that stands before a bracket may be a factor: a letter, a Greek or a declared name."""
        if word in self.scalars or word in self.constants or word in self.haar or word in IDENTITY:
            return True
        if word in CALLED:
            return False
        return bool(re.fullmatch(r"[A-Za-z](?:_?[0-9]+)?", word)) or word in GREEK

    def parts(self, word: str) -> tuple[list[str], str | None]:
        """Split capitals such as `WAW` into matrices of one letter each; say why they cannot be split."""
        if word in self.haar or word in self.constants or word in IDENTITY or len(word) < 2 or not word.isupper():
            return [word], None
        if word[1:].lower() in SUFFIXES or word[1:].lower() in UNCLEAR - {"c", "b", "d", "s", "p", "i"}:
            return [word], None
        if word.lower() in FUNCTIONS or word.lower() in FOREIGN:
            return [word], None
        doubtful = [letter for letter in word[1:] if letter in "TH" and letter not in self.haar + self.constants]
        if doubtful:
            k = word.index(doubtful[0], 1)
            return [word], (
                f"{word}: is {doubtful[0]} behind {word[k - 1]} a decoration or a matrix? Write {word[k - 1]}^"
                f"{doubtful[0]}, or '{word[k - 1]} {doubtful[0]}' for a product"
            )
        return list(word), None


def known() -> str:
    """Return the known functions for a message."""
    return "tr, conj, abs, re, im, det, minor, var, cov, sqrt, transpose, adjoint, inv"
