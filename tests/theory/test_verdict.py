"""Verdicts in words, and which hypothesis fails: each line says what the numbers say, and nothing that they do not."""

import itertools
import math

import numpy as np
import pytest

from isogap import Variant, simulate_variant
from isogap.run.verdict import slope_of, verdict_of
from isogap.theory.coverage import theorem
from isogap.theory.hypotheses import coverage_of
from isogap.theory.verdict import VACUOUS, headline, uneven, verdict


def first(text):
    return text.split("\n")[0]


def test_a_rate_that_is_not_significant_is_no_growth_and_one_that_is_explodes_after_a_computed_depth():
    assert headline(1e-4, 4e-4, depth=50) == "no growth: 0.0001 ± 0.0004 a layer"
    assert headline(-1e-4, 4e-3, depth=50) == "no growth: 0.000 ± 0.004 a layer"
    words = headline(math.log(1.22), 0.0008)
    assert words == "gradients grow 1.220-fold a layer (± 0.001): x1000 after 35 layers; explodes"
    assert headline(-math.log(1.22), 0.0008).startswith(
        "gradients shrink 0.8197-fold a layer (± 0.0007): /1000 after 35"
    )


@pytest.mark.parametrize("rate", [0.1, 1e-3, 1e-6, 1e-9, 3.0, 60.0, 800.0, -0.1, -1e-9, -800.0])
@pytest.mark.parametrize("share", [1e-4, 0.1])
def test_no_factor_is_shown_as_one_and_any_size_has_words(rate, share):
    words = headline(rate, abs(rate) * share)
    assert ("grow" in words) == (rate > 0)
    fold = words.split("-fold")[0].split()[-1]
    assert fold.startswith("e^") or float(fold) != 1.0
    assert "nan" not in words
    assert "inf" not in words


def test_what_adds_up_to_less_than_a_hundredth_is_no_growth_however_significant():
    assert headline(1e-6, 1e-9, depth=100) == "no growth: 1e-06 ± 1e-09 a layer"
    assert headline(1e-6, 1e-9, depth=100, replicas=9) == "no growth: 1e-06 ± 1e-09 a layer"
    assert headline(1e-6, None, depth=100) == "no growth: 1e-06 a layer"
    assert headline(1e-3, 1e-6, depth=100).startswith("gradients grow")


def test_what_a_growth_is_called_depends_on_the_depth():
    called = [headline(0.1, 0.001, depth=depth).split(": ", 1)[1] for depth in (5, 40, 100)]
    assert called[0].endswith("harmless: x1.6 over these 5 layers")
    assert called[1].endswith("x55 over these 40 layers: explodes when deeper")
    assert called[2].endswith("explodes: x22000 over these 100 layers")


def test_one_network_has_no_error_and_two_have_students():
    assert "(one network, no error)" in headline(0.1, None)
    assert "(one network, no error)" in headline(0.1, math.nan)
    few = headline(0.1, 0.01, depth=3, replicas=2)  # Student's quantile is 63.7 at one degree
    assert few == "growth of 0.10 ± 0.01 a layer is not told from 0 by 2 networks"
    assert headline(0.1, 0.01, replicas=20).startswith("gradients grow")


def test_an_error_that_hides_an_explosion_is_undecided():
    assert headline(0.1, 0.1, depth=100, replicas=3).startswith("undecided: 0.1 ± 0.1 a layer; over 100 layers")
    assert headline(None).startswith("no rate:")
    assert headline(math.nan, math.nan).startswith("no rate:")


@pytest.mark.parametrize("depth", [40, 60, 5000, None])
def test_growth_that_a_theorem_bounds_is_not_said_to_explode_however_large(depth):
    bounded = headline(0.14, 1e-4, depth=depth, bounded=True)
    assert "explodes" not in bounded
    assert "when deeper" not in bounded
    assert "explodes" not in uneven(9.0, 0.1, (0.3, 0.1), depth=50, bounded=True)


def test_a_sum_that_its_error_hides_has_no_fate():
    assert "explodes" in uneven(9.0, 0.1, (0.3, 0.06), depth=50)
    assert "explodes" not in uneven(9.0, 5.0, (0.3, 0.06), depth=50)


@pytest.mark.parametrize("rate", [math.inf, -math.inf, math.nan])
def test_a_rate_that_is_no_number_is_none(rate):
    assert headline(rate, 0.1, depth=50).startswith("no rate")


def test_a_bound_is_vacuous_beyond_the_limit_and_said_in_figures_below_it():
    near = verdict(0.0, 0.1, bound=VACUOUS - 5.1, measured=-5.0)
    far = verdict(0.0, 0.1, bound=VACUOUS - 4.9, measured=-5.0)
    assert "vacuous" not in near
    assert "vacuous in practice: measured are -5" in far
    assert "5.9e+08 on a logarithm, is vacuous in practice" in verdict(0.0, 0.1, bound=5.9e8)


def test_the_mean_field_line_says_how_far_the_measurement_is():
    said = verdict(0.2, 0.01, mean_field=(0.22, "infinite width")).split("\n")[1]
    assert (
        said
        == "mean-field theory: 1.25-fold a layer, 0.02 more in log than measured, 2.0 standard errors (infinite width)"
    )
    assert verdict(0.2, 0.01, mean_field=(None, "no law")).split("\n")[1] == "mean-field theory does not apply: no law"
    assert "infinite a layer" in verdict(0.2, 0.01, mean_field=(math.inf, "jump"))


def failing(variant, rank, **options):
    return {h.name for h in coverage_of(variant, rank, **options).failing}


@pytest.mark.parametrize(
    ("options", "rank", "names"),
    [
        ({}, 8, set()),
        ({"weights": "gaussian"}, 8, {"weights"}),
        ({"weights": "hadamard"}, 8, set()),
        ({"weights": "hadamard", "eps": 1e-5}, 8, {"eps"}),
        ({"activation": "relu"}, 8, {"activation"}),
        ({"activation": "relu", "weights": "gaussian", "batch": 6}, 6, {"activation", "weights", "rank"}),
        ({"batch": 7}, 7, {"rank"}),
        ({"eps": 1e-5}, 8, set()),
        ({"eps": 1.0}, 8, {"eps"}),
        ({"eps": 1e-5, "mean_removal": True, "batch": 9, "root_n": True}, 8, set()),
        ({"activation": "tanh"}, 8, {"activation"}),
        ({"activation": "tanh", "exponent": 0.4, "gain": 0.01}, 8, {"start"}),
        ({"activation": "tanh", "exponent": 0.6, "gain": 0.01, "eps": 1e-5}, 8, {"eps"}),
        ({"activation": "sin", "exponent": 0.6, "gain": 0.01}, 8, set()),
        ({"activation": "sin", "exponent": 0.6, "gain": 1.0}, 8, {"start"}),
        ({"activation": "sin", "exponent": 0.6, "gain": 0.01, "order": "act-norm"}, 8, {"normalisation"}),
    ],
)
def test_exactly_the_hypotheses_that_fail_are_named(options, rank, names):
    assert failing(Variant(8, 20, **options), rank, phi0=1e-4) == names


def test_each_remedy_taken_mends_its_hypothesis_and_together_they_give_a_theorem():
    broken = Variant(8, 20, weights="gaussian", activation="relu", batch=5, eps=1e-5)
    found = coverage_of(broken, 5)
    assert [h.found for h in found.failing] == [
        "Gaussian (independent) weights",
        "activation relu",
        "rank 5 < width 8",
    ]
    assert all(h.remedy for h in found.failing)
    assert found.failing[2].remedy == "a batch of at least 8 samples"
    mended = Variant(8, 20, batch=8, eps=1e-5)
    assert coverage_of(mended, 8).covered


def test_rank_says_why_it_is_low():
    few = coverage_of(Variant(8, 5, batch=8, mean_removal=True), 7).failing[0]
    repeated = coverage_of(Variant(8, 5, batch=12, repeats=2), 6).failing[0]
    dependent = coverage_of(Variant(8, 5, batch=12), 6).failing[0]
    assert few.remedy == "a batch of at least 9 samples"
    assert repeated.remedy == "a batch of at least 8 different samples"
    assert "linearly independent" in dependent.remedy


def test_a_network_that_a_theorem_of_the_paper_names_is_covered_and_no_linear_one_is_covered_by_nothing():
    options = itertools.product(
        ("orthogonal", "gaussian", "hadamard"), (False, True), (0.0, 1e-5), ("identity", "tanh"), (4, 8, 9)
    )
    for weights, mean_removal, eps, activation, batch in options:
        variant = Variant(8, 5, batch=batch, weights=weights, mean_removal=mean_removal, eps=eps, activation=activation)
        rank = min(8, batch - mean_removal)
        found = coverage_of(variant, rank)
        if theorem(variant, rank):
            assert found.covered
        if found.covered:
            assert found.statements


def test_unequal_gamma_fails_with_the_cap_of_f3c_and_equal_gamma_drops_out():
    variant = Variant(6, 5)
    equal = coverage_of(variant, 6, gamma=np.full(6, -2.0))
    assert equal.covered
    unequal = coverage_of(variant, 6, gamma=[0.75, 1, 1, 1, 1, 1.25])
    assert [h.found for h in unequal.failing] == ["unequal gamma: Θ = 1.09191 is below 1 + 2/d = 1.33333 (F3c)"]
    assert unequal.statements[0].startswith(
        "F3c: the mean gap stays below 0.4105 in the end, and a layer adds at most "
    )
    wild = coverage_of(variant, 6, gamma=[0.0, 1, 1, 1, 1, 1])
    assert not wild.covered
    assert not wild.statements
    with pytest.raises(ValueError, match="gamma must have shape"):
        coverage_of(variant, 6, gamma=[1.0, 2.0])


def test_biases_drop_out_with_the_mean_alone():
    assert failing(Variant(8, 5, batch=9, mean_removal=True), 8, bias=True) == set()
    shifted = coverage_of(Variant(8, 5), 8, bias=True)
    assert [h.name for h in shifted.failing] == ["bias"]
    assert not shifted.statements


def test_a_covered_network_never_explodes_in_words_and_a_measured_one_agrees_with_its_slope():
    run = simulate_variant(Variant(8, 60), replicas=20, rng=1)
    text = verdict_of(run)
    assert "explodes" not in text
    assert "a theorem rules out explosion at any depth" in text
    relu = simulate_variant(
        Variant(16, 60, weights="gaussian", activation="relu", mean_removal=True, root_n=True, eps=1e-5, batch=32),
        replicas=20, rng=1,
    )  # fmt: skip
    slope, text = slope_of(relu), verdict_of(relu)
    assert (
        abs(float(first(text).split("-fold")[0].split()[-1]) - math.exp(slope.value))
        < math.exp(slope.value) * slope.stderr
    )
    assert "; explodes" in first(text)
    assert "eps = 1e-05 is covered by F3" in text
