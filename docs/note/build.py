"""Write the tables of the note from the program: ``python docs/note/build.py`` (``--check`` only compares, ``--pdf`` typesets).

Everything between ``<!-- table: NAME -->`` and ``<!-- end -->`` in ``note.md`` is generated here; no number in a table is typed.
"""

from __future__ import annotations

import math
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import numpy as np

from isogap import bounds, gaussian_law, typical_rate
from isogap.theory.growth import growth_at_share
from isogap.theory.rank import complement_exponents, rank_law_leading

HERE = Path(__file__).parent
NOTE = HERE / "note.md"


def one_apart(d: int, value: float) -> np.ndarray:
    """Spectrum with one eigenvalue at ``value``, the others equal."""
    return np.array([value] + [(d - value) / (d - 1)] * (d - 1))


def gap(lam: np.ndarray) -> float:
    """Isometry gap."""
    return float(np.mean(lam - 1 - np.log(lam)))


def rows(head: Sequence[str], body: Iterable[Sequence[object]]) -> str:
    """A table in Markdown."""
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join([*lines, *("| " + " | ".join(str(x) for x in row) + " |" for row in body)])


def depth_table() -> str:
    """Mean layers until φ ≤ 1/(16d): what three routes prove, at d = 16."""
    d, level = 16, 1 / 256
    body = []
    for value in (1e-6, 1e-3, 0.1):
        lam = one_apart(d, value)
        phi = gap(lam)
        x = bounds.inverse_trace_excess(lam)
        body.append(
            (
                f"{value:g}",
                f"{phi:.4f}",
                f"{float(bounds.hitting_time(d, phi)):.0f}",
                f"{float(bounds.hitting_time_sharp(d, phi)):.0f}",
                f"{float(bounds.hitting_time_optimal(d, level, phi)):.1f}",
                f"{float(bounds.hitting_time_by_inverse_trace(d, level, x, excess=True)):.0f}",
            )
        )
    return rows(("smallest eigenvalue", "$\\varphi_0$", "paper's route", "S2", "B6", "A4"), body)


def extremes_table() -> str:
    """F_d and G_d."""
    body = []
    for d in (2, 3, 8, 32, 128):
        for u in (0.01, 1.0, 10.0):
            e = bounds.drift_extremes(d, u / d)
            floor = float(bounds.drift_floor(d, u / d))
            body.append((d, u, f"{float(e.least):.9g}", f"{float(e.greatest):.9g}", f"{float(e.least) / floor:.4f}"))
    return rows(("$d$", "$u=d\\varphi$", "$F_d$", "$G_d$", "$F_d\\,d(d+2)/\\delta^2$"), body)


def constant_table() -> str:
    """The smallest C at each width."""
    sizes = (2, 3, 4, 5, 8, 20, 50, 200)
    values = bounds.smallest_constant(sizes)
    return rows(("$d$", *map(str, sizes)), [("$C_d$", *(f"{v:.6f}" for v in values))])


def gradient_table() -> str:
    """Theorem 5's sum of log-norms."""
    body = []
    for d in (8, 64, 512):
        for name, u in (
            ("one eigenvalue 1e-6", d * gap(one_apart(d, 1e-6))),
            ("$u_0$ = 1", 1.0),
            ("$u_0$ = 1e-3", 1e-3),
        ):
            phi = u / d
            values = (
                bounds.lemma_c3,
                bounds.lemma_c3_sharp,
                bounds.gradient_sum_by_energy,
                bounds.gradient_sum_optimal,
            )
            body.append((d, name, *(f"{float(f(d, phi)):.4g}" for f in values)))
    return rows(("$d$", "start", "route of the paper", "S5", "C2", "C3"), body)


def asymptote_table() -> str:
    """The factors of F1b."""
    body = []
    for d in (2, 3, 4, 8, 16, 64, 256):
        low = bounds.lower_share(d, np.array([0.01, 0.1, 1.0]))
        body.append((d, *(f"{x:.6f}" for x in low), f"{float(bounds.upper_share(d)):.10f}"))
    return rows(("$d$", "$\\varrho$, $\\varphi_0$ = .01", ".1", "1", "$\\varrho^+_d$"), body)


def rate_table() -> str:
    """Mean and typical rates."""
    body = []
    for d in (2, 12, 16, 32, 64):
        rate = typical_rate(d)
        body.append(
            (
                d,
                f"{-math.log1p(2 / d):.6f}",
                f"{rate.bound:.6f}",
                f"{rate.value:.6f}",
                f"{float(bounds.second_moment_rate(d)):.9f}",
            )
        )
    return rows(("$d$", "$\\log q$", "F1d", "$\\gamma(d)$", "$\\Lambda_2$"), body)


def weights_table() -> str:
    """Contraction factors."""
    body = []
    for name, label, options in (
        ("orthogonal", "Haar on O(d)", {}),
        ("unitary", "Haar on U(d)", {}),
        ("symplectic", "Haar on Sp(d)", {}),
        ("hadamard", "Hadamard × signs", {}),
        ("dct", "DCT-II × signed permutation", {}),
        ("block_orthogonal", "Haar blocks of 4 × signed permutation", {"block": 4}),
        ("householder", "Householder × signed permutation", {}),
        ("signed_permutation", "signed permutation", {}),
    ):
        body.append((label, *(f"{bounds.contraction_factor(name, d, **options):.6f}" for d in (8, 16, 64))))
    return rows(("weights", "d = 8", "d = 16", "d = 64"), body)


def explosion_table() -> str:
    """D3 and D4."""
    body = []
    for share in (1 / 8, 1 / 4, 1 / 2, 3 / 4, 7 / 8):
        d = 800
        r = round(share * d)
        exponents = complement_exponents(d, r)
        ratio = growth_at_share(share) / (1 - share)
        body.append(
            (f"{share:g}", f"{growth_at_share(share):.8f}", f"{ratio:.4f}", f"{r * float(exponents.least):.3f}",
             f"{r * float(exponents.greatest):.3f}")
        )  # fmt: skip
    assert float(rank_law_leading(800, 400)) > 0
    return rows(("$\\rho$", "$c_P(\\rho)$", "$c_P/(1-\\rho)$", "least exponent × r", "greatest exponent × r"), body)


def gaussian_table() -> str:
    """D5."""
    body = []
    for d, n in ((576, 12), (576, 24), (576, 36), (256, 256)):
        body.append(
            (d, n, f"{n * n / (4 * d):.4f}", f"{float(gaussian_law(n, d)):.6f}", f"{math.log((n - 1) / (n - 2)):.6f}")
        )
    return rows(("$d$", "$n$", "$n^2/(4d)$", "law D5", "mean field"), body)


TABLES: dict[str, Callable[[], str]] = {
    "depth": depth_table,
    "extremes": extremes_table,
    "constant": constant_table,
    "gradient": gradient_table,
    "asymptote": asymptote_table,
    "rates": rate_table,
    "weights": weights_table,
    "explosion": explosion_table,
    "gaussian": gaussian_table,
}

_SLOT = re.compile(r"<!-- table: (\w+) -->\n.*?<!-- end -->", re.S)


def filled(text: str) -> str:
    """The note with all tables as the program gives them now."""
    return _SLOT.sub(lambda m: f"<!-- table: {m[1]} -->\n{TABLES[m[1]]()}\n<!-- end -->", text)


def main(arguments: Sequence[str]) -> int:
    """Write or compare; typeset if LaTeX and pandoc are there."""
    text = NOTE.read_text(encoding="utf-8")
    new = filled(text)
    if "--check" in arguments:
        return int(text != new)
    NOTE.write_text(new, encoding="utf-8")
    if "--pdf" in arguments:
        tools = [shutil.which(tool) for tool in ("pandoc", "xelatex")]
        if None in tools:
            print("no pandoc or no xelatex: the HTML page of the documentation is the note", file=sys.stderr)
            return 0
        subprocess.run([str(tools[0]), str(NOTE), "--pdf-engine", "xelatex", "-o", str(HERE / "note.pdf")], check=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
