"""Errors from few networks: a verdict at a stated level uses Student's law, and the output says what ± is."""

import numpy as np
import pytest
from scipy import stats

from isogap.base.student import FEW, error_note, one_of_many, student
from isogap.cli import mc, mean_field, products, residual, variants
from isogap.cli.output.chain_table import BREAK_SIGMA, HOLD_SIGMA, verdict
from isogap.cli.output.gradients import gradient_verdict
from isogap.run.gradients import GradientStatistics

COMMANDS = {
    "mc": (mc, "--width 6 --depth 8 --seed 1"),
    "mc widths": (mc, "--widths 8,6,4 --seed 1"),
    "variants": (variants, "--width 6 --depth 8 --seed 1"),
    "variants side by side": (variants, "--width 6 --depth 8 --weights orthogonal,gaussian --seed 1"),
    "mean field": (mean_field, "--batch 8 --width 20 --depth 6 --seed 1"),
    "products": (products, "--factors 3 --size 10 --seed 1"),
}


@pytest.mark.parametrize("count", [2, 3, 5, 20, 1000])
@pytest.mark.parametrize("deviations", [1.0, 3.0, 5.0])
def test_student_multiples_have_the_level_of_normal_deviations(count, deviations):
    """To 1e-7: the quantiles of the oldest SciPy are good to 1e-8."""
    assert 2 * stats.t.sf(student(deviations, count), count - 1) == pytest.approx(
        2 * stats.norm.sf(deviations), rel=1e-7
    )
    assert student(deviations, count) > deviations


@pytest.mark.parametrize("count", [2, 3, 6])
@pytest.mark.parametrize("sigma", [HOLD_SIGMA])
def test_hold_and_violated_have_their_level_at_few_replicas(count, sigma):
    """With 3 replicas three standard errors leave 9.5 % outside, not 0.27 %: a bound on the mean itself was met by luck."""
    rng = np.random.default_rng(count)
    x = rng.standard_normal((200_000, count))
    mean, error = x.mean(axis=1), x.std(axis=1, ddof=1) / np.sqrt(count)
    words = [verdict(1 + m, e, count, count, (1.0, 1.0)) for m, e in zip(mean[:20_000], error[:20_000], strict=True)]
    expected = stats.norm.sf(sigma)
    hold = np.mean(mean + student(sigma, count) * error <= 0)
    assert abs(hold - expected) < 6 * np.sqrt(expected / len(mean))  # 6 standard errors: a level of 1e-9
    assert words.count("hold") <= 20_000 * expected + 6 * np.sqrt(20_000 * expected)
    assert words.count("VIOLATED") <= 1  # 20 000 times 2.9e-7
    assert (
        20_000 * stats.t.sf(BREAK_SIGMA, count - 1) > 1 or count > 5
    )  # five plain standard errors would have been some


@pytest.mark.parametrize("name", COMMANDS)
def test_the_output_says_what_an_error_of_few_networks_is(name, capsys):
    tool, line = COMMANDS[name]
    for replicas in (3, FEW - 1, FEW, 40, 1):
        assert tool.main([*line.split(), "--replicas", str(replicas)]) == 0
        out = capsys.readouterr().out
        assert ("±: one standard error from" in out) == (2 <= replicas < FEW)
        assert "nan" not in out
        if error_note(replicas) is not None:
            within = stats.t.isf(0.025, replicas - 1)
            assert f"95 % lie within {within:.2g} of such errors" in out
            assert f"from {replicas} " in out


def test_the_spread_of_path_lengths_is_no_error(capsys):
    assert residual.main(["--depth", "10"]) == 0
    assert "± 1.21 (standard deviation) branches of 10" in capsys.readouterr().out


def _gradient(mean, error):
    layers, nothing = list(range(len(mean))), np.full(len(mean), np.nan)
    return GradientStatistics(layers, mean, error, nothing, nothing, "cross-entropy", 2, 0.0)


@pytest.mark.parametrize("replicas", [3, 10, 1000])
def test_layers_share_the_level_at_which_a_bound_on_the_gradient_is_violated(replicas):
    """Every layer's mean on the bound itself, errors independent: at three deviations a layer 24 % of the runs were wrong."""
    layers, runs = 201, 4000
    rng = np.random.default_rng(replicas)
    z, error = (
        rng.standard_normal((runs, layers)),
        np.sqrt(rng.chisquare(replicas - 1, (runs, layers)) / (replicas - 1)),
    )
    level = stats.norm.sf(3)
    words = [gradient_verdict(_gradient(*row), (0.0, 1.0), replicas) for row in zip(z, error, strict=True)]
    assert words.count("VIOLATED") <= runs * level + 6 * np.sqrt(runs * level)
    assert words.count("hold") == 0
    alone = (z > student(3, replicas) * error).any(axis=1)
    assert alone.mean() > 0.2  # what the share of the level is for
    # A layer that is above by more than that is seen among all others.
    far = student(one_of_many(3, layers), replicas)
    mean = np.full(layers, -1.0)
    for excess, word in ((0.99, "open"), (1.01, "VIOLATED")):
        mean[7] = excess * far * 1e-3
        assert gradient_verdict(_gradient(mean, np.full(layers, 1e-3)), (0.0, 1.0), replicas) == word


@pytest.mark.parametrize("layers", [1, 50])
def test_a_layer_above_its_bound_is_held_once_in_740_runs_at_most(layers):
    """To hold, all layers must stay below: the others do not help the one that is above."""
    runs, level = 20_000, stats.norm.sf(3)
    x = np.random.default_rng(layers).standard_normal(runs)
    mean = np.full((runs, layers), -100.0)
    mean[:, -1] = x
    words = [gradient_verdict(_gradient(row, np.ones(layers)), (0.0, 1.0), 10**6) for row in mean]
    assert abs(words.count("hold") - runs * level) < 6 * np.sqrt(runs * level)


def test_a_distance_that_nothing_could_exceed_is_not_said_to_be_allowed(capsys):
    """It was "1508 allowed at this size"; a distance of distribution functions is at most 1."""
    assert products.main(["--factors", "3", "--size", "50", "--replicas", "2", "--seed", "1"]) == 0
    out = capsys.readouterr().out
    assert "which 2 products are too few to judge" in out
    assert "1508" not in out


@pytest.mark.parametrize(
    ("words", "said"),
    [("--width 2 --depth 120", True), ("--width 2 --depth 40", False), ("--width 3 --depth 120", False)],
)
def test_variants_say_where_rows_are_parallel_beyond_float64(words, said, capsys):
    assert variants.main(f"{words} --weights gaussian --replicas 12 --seed 1 --threads 1".split()) == 0
    assert ("caution: at width 2" in capsys.readouterr().out) == said
