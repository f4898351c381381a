"""Values that other packages publish in their test suites and notebooks, as data with their source: all reproduced."""

import json
from pathlib import Path

import pytest
import sympy as sp

import weingarten as wg
from weingarten import expectation, moment, tr

HERE = Path(__file__).parent
d, k, ell, m = sp.symbols("d k l m", integer=True, positive=True)
PLAIN = {"d": d, "k": k, "l": ell, "m": m}


def data(name):
    return json.loads((HERE / name).read_text(encoding="utf-8"))


def value(text):
    return sp.sympify(text, locals=PLAIN)


def same(left, right):
    return sp.cancel(left - right) == 0


PERMUTATION, QUANTUM, NETWORKS = data("haarpy_permutation.json"), data("haarpy_quantum.json"), data("pyrtni2.json")


def identity(case):
    return str([case.get("pi") or case.get("rows"), case.get("rho") or case.get("cols")])


@pytest.mark.parametrize("case", PERMUTATION["centred_functions"], ids=identity)
def test_centred_permutation_functions_of_haarpy(case):
    found = wg.partition_weingarten_function(case["pi"], case["rho"], d, "centred permutation")
    assert same(found, value(case["value"]))
    assert wg.partition_weingarten_function(case["pi"], case["rho"], 17, "centred permutation") == value(
        case["value"]
    ).subs(d, 17)


@pytest.mark.parametrize("case", PERMUTATION["centred_integrals"], ids=identity)
def test_centred_permutation_integrals_of_haarpy(case):
    assert same(moment(rows=case["rows"], cols=case["cols"], d=d, group="centred permutation"), value(case["value"]))


@pytest.mark.parametrize("case", PERMUTATION["permutation_integrals"], ids=identity)
def test_permutation_integrals_of_haarpy(case):
    assert same(moment(rows=case["rows"], cols=case["cols"], d=d, group="permutation"), value(case["value"]))
    found = moment(rows=case["rows"], cols=case["cols"], d=23, group="permutation")
    assert found == value(case["value"]).subs(d, 23)


@pytest.mark.parametrize("case", QUANTUM["integrals"], ids=identity)
def test_quantum_integrals_of_haarpy(case):
    found = moment(rows=case["rows"], cols=case["cols"], d=d, group=case["group"])
    assert same(found, value(case["value"]))
    assert moment(rows=case["rows"], cols=case["cols"], d=11, group=case["group"]) == value(case["value"]).subs(d, 11)


@pytest.mark.parametrize("case", NETWORKS["wishart"], ids=lambda c: f"{c['field']} {c['degree']}")
def test_wishart_traces_of_pyrtni2(case):
    found = expectation(tr(wg.wishart("W", k, m, field=case["field"]) ** case["degree"]))
    assert same(found, value(case["value"]))


@pytest.mark.parametrize("case", NETWORKS["partially_transposed"], ids=lambda c: f"{c['field']} {c['degree']}")
def test_partially_transposed_wishart_traces_of_pyrtni2(case):
    G = wg.ginibre_on("G", (k, ell), (m,), field=case["field"])
    W = wg.partial_transpose(G * (G.H if case["field"] == "complex" else G.T), 2)
    assert same(expectation(tr(W ** case["degree"])), value(case["value"]))


def test_the_completely_positive_map_of_pyrtni2():
    # the wires of the notebook join the k-legs of G and Ḡ: tr over the l-space of (tr_k G G*)²
    G = wg.ginibre_on("G", (k, ell), (m,), field="complex")
    found = expectation(tr(wg.partial_trace(G * G.H, 1) * wg.partial_trace(G * G.H, 1)))
    assert same(found, value(NETWORKS["cp_map"]["value"]))


def test_four_factor_words_of_pyrtni2():
    A, B, C = (wg.constant(name, d) for name in "ABC")
    M = wg.ginibre("M", d, field="complex")
    words = expectation(tr(M * A * M.H * B * M * C * M.H))
    tA, tB, tC, tAC = (sp.Trace(x) for x in (A, B, C, A * C))
    assert same(words, tA * tB * tC + d * tB * tAC)
    N = wg.ginibre("M", d)
    real = wg.expectation_matrix(N * A * N.T * B * N * C * N.T)
    assert len(real.args) == 3  # three networks
    assert same(wg.weingarten_function((1, 1), d, "U"), 1 / ((d - 1) * (d + 1)))
    assert same(wg.weingarten_function((1, 1), d), (d + 1) / (d * (d - 1) * (d + 2)))
    assert wg.weingarten_function((1, 1, 1), 2, "U") == sp.Rational(17, 144)
