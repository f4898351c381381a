"""Below the degree a Weingarten function is one of a singular Gram matrix: Moore-Penrose, and every output says so."""

import csv
import io
import json

import numpy as np
import pytest

from weingarten import gram_matrix, weingarten_function
from weingarten.algebra.groups import GROUPS
from weingarten.cli import main
from weingarten.combinatorics.pairings import all_pairings
from weingarten.combinatorics.partitions import all_partitions
from weingarten.functions import convention
from weingarten.spaces import as_group

NOTE = "d = 2 < 3: the Gram matrix is singular; its Moore-Penrose inverse, one of several generalised ones"


@pytest.mark.parametrize(
    ("group", "n", "sizes"), [("O", 2, (1, 2, 3)), ("O", 3, (1, 2, 3, 4)), ("U", 3, (1, 2, 3, 4)), ("Sp", 2, (2, 4, 6))]
)
def test_the_note_stands_exactly_where_the_gram_matrix_has_no_inverse(group, n, sizes):
    for d in sizes:
        gram = np.array(gram_matrix(n, d, group).tolist(), dtype=float)
        singular = np.linalg.matrix_rank(gram) < len(gram)
        assert bool(convention(n, d, GROUPS[group])) == singular


@pytest.mark.parametrize(("n", "d"), [(2, 1), (3, 1), (3, 2)])
def test_below_the_degree_the_value_is_that_of_the_pseudo_inverse(n, d):
    inverse = np.linalg.pinv(np.array(gram_matrix(n, d).tolist(), dtype=float))
    pairings = all_pairings(n)
    for p, row in zip(pairings, inverse, strict=True):
        for q, value in zip(pairings, row, strict=True):
            assert float(weingarten_function((p, q), d)) == pytest.approx(value, abs=1e-12)


@pytest.mark.parametrize("command", [["wg", "2,1"], ["table", "3"]])
def test_every_format_says_so(command, capsys):
    for form, sign in (("text", "#"), ("latex", "%")):
        assert main([*command, "--d", "2", "--format", form]) == 0
        assert capsys.readouterr().out.splitlines()[-1] == f"{sign} {NOTE}"
    assert main([*command, "--d", "2", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["note"] == NOTE
    assert main([*command, "--d", "3"]) == 0
    assert "#" not in capsys.readouterr().out


def test_a_table_as_csv_has_a_column_for_it_where_it_is_needed(capsys):
    assert main(["table", "3", "--d", "2", "--format", "csv"]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert list(rows[0]) == ["partition", "value", "valid_from", "note"]
    assert len(rows) == len(all_partitions(3))
    assert {row["note"] for row in rows} == {NOTE}
    assert main(["table", "3", "--d", "3", "--format", "csv"]) == 0
    assert capsys.readouterr().out.splitlines()[0] == "partition,value,valid_from"


def test_circular_ensembles_have_a_convention_of_their_own(capsys):
    assert main(["wg", "2", "--d", "1", "--group", "COE"]) == 0
    assert "# d = 1 < 2: the sum over the partitions that fit into d" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["Q", "G", "X", "", " ", "é"])
def test_a_letter_that_is_no_group_is_answered_with_the_groups(name):
    with pytest.raises(ValueError, match="choose one of O, U, Sp, SO, SU, COE, CSE") as refusal:
        as_group(name)
    assert "did you mean" not in str(refusal.value)


@pytest.mark.parametrize(
    ("name", "meant"), [("GU", "gue"), ("projector", "real projector"), ("orthogonl", "orthogonal")]
)
def test_longer_words_are_still_answered_with_what_was_meant(name, meant):
    with pytest.raises(ValueError, match=rf"did you mean '?{meant}"):
        as_group(name)
