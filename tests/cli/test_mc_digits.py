"""What a table of `isogap-mc` shows: different numbers look different, errors are not 0, what says nothing yet is said to."""

import re
import shlex

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from isogap import simulate
from isogap.cli import variants
from isogap.cli.output.chain_notes import notes
from isogap.cli.output.chain_table import gap_table, shown_layers
from isogap.cli.output.digits import MOST, agreeing, apart, with_error

NUMBERS = st.floats(1e-300, 1e300)


@given(st.lists(st.tuples(NUMBERS, st.floats(-1e-3, 1e-3)), min_size=1, max_size=5))
def test_numbers_that_differ_look_different_or_the_digits_in_which_they_agree_are_told(pairs):
    values = [(x, x * (1.0 + y)) for x, y in pairs]
    decimals, same = apart(values), agreeing(values)
    told = all(f"{a:.{decimals}e}" != f"{b:.{decimals}e}" for a, b in values if a != b)
    assert told or decimals == MOST
    if decimals > 2:
        assert any(
            f"{a:.{decimals - 1}e}" == f"{b:.{decimals - 1}e}" for a, b in values if a != b
        )  # not more than needed
    if same is not None:
        assert same >= 3
        assert all(f"{a:.{same - 1}e}" == f"{b:.{same - 1}e}" for a, b in values)


@given(st.floats(-1e3, 1e3), st.floats(1e-11, 10.0), st.integers(0, 6))
def test_an_error_is_never_shown_as_zero(value, error, least):
    shown, small = with_error(value, error, least).split(" ± ")
    assert float(small) > 0
    assert abs(float(small) - error) <= 0.5 * error
    assert abs(float(shown) - value) <= error


def lines_of(result, width=120):
    table = gap_table(result, width)
    console = Console(width=width, file=None)
    with console.capture() as caught:
        console.print(table)
    return caught.get().splitlines(), notes(result, width)


@pytest.mark.parametrize(("width", "depth"), [(64, 5), (100, 12), (200, 6)])
def test_wide_short_chains_show_where_the_bounds_differ(width, depth):
    """At width 200 Theorem 1 and the best proved bound were 9.95e-01 in every row, and the asymptote 122 at φ = 0.9."""
    result = simulate(width, depth, replicas=20, rng=1)
    rows, notes = lines_of(result, 140)
    assert "Theorem 1" in rows[0]
    for row in rows[2:]:
        *_, paper, best, _, _ = row.split()
        assert paper != best
        low, high = re.search(r"(\S+) \.\. (\S+)", row).groups()
        assert low != high
    (line,) = [note for note in notes if "F1a" in note]
    layer = int(re.search(r"above φ_0 until layer (\d+)$", line)[1])
    assert result.bounds.asymptote[-1] > result.phi0
    long = simulate(width, layer + 2, replicas=1, rng=1).bounds.asymptote
    assert long[layer] > result.phi0 >= long[layer + 1]
    assert "± 0.00000" not in " ".join(notes)


def test_a_narrow_terminal_is_told_in_how_many_digits_the_bounds_agree():
    result = simulate(200, 6, replicas=20, rng=1)
    rows, notes = lines_of(result, 80)
    assert max(map(len, rows)) <= 80
    (line,) = [note for note in notes if "agree to" in note]
    same = int(re.search(r"agree to (\d+) digits", line)[1])
    for layer in shown_layers(6)[1:]:
        paper, best = result.bounds.theorem_1[layer], result.bounds.best[layer]
        assert f"{paper:.{same - 1}e}" == f"{best:.{same - 1}e}"
    assert not [note for note in lines_of(result, 140)[1] if "agree to" in note]


def test_a_deep_chain_keeps_three_digits_and_its_asymptote():
    rows, notes = lines_of(simulate(8, 200, replicas=200, rng=1), 110)
    assert re.search(r"\d\.\d\de-01  \d\.\d\de-01 \.\. \d\.\d\de-01 ", rows[3])
    (line,) = [note for note in notes if "F1a" in note]
    assert re.search(r"E φ over it \d\.\d+ ± \d\.\d+; 95 % of whole paths", line)
    (line,) = [note for note in lines_of(simulate(8, 20, replicas=200, rng=1), 110)[1] if "F1a" in note]
    assert "(1 in the end)" in line


@pytest.mark.parametrize(
    "case", [{"batch": 5}, {"batch": 5, "weights": "gaussian"}, {"batch": 9, "input": "rank"}], ids=lambda c: str(c)
)
def test_a_batch_of_small_rank_is_told_which_command_answers(case, capsys, tmp_path):
    options, arguments = [], dict(case)
    if case.get("input") == "rank":
        rng = np.random.default_rng(1)
        arguments["input"] = rng.standard_normal((8, 3)) @ rng.standard_normal((3, 9))
        np.save(tmp_path / "low.npy", arguments["input"])
        options = ["--input", str(tmp_path / "low.npy"), "--features-first"]
    found = notes(simulate(8, 4, replicas=3, rng=1, **arguments), 110)
    (line,) = [note for note in found if "isogap-variants" in note]
    command = re.search(r"isogap-variants ([^;]*?)(?: and the same --input)?;", line)[1]
    assert variants.main([*shlex.split(command), *options, "--replicas", "2"]) == 0
    assert re.search(r"rank: rank \d < width 8; needed", capsys.readouterr().out)
    assert "for a finite φ give" in line
