"""Faults of networks, designs and ensembles that were found and mended: each against an independent value."""

import pytest

import weingarten as wg
from weingarten import WeingartenError, expectation, tr


def test_words_of_quantum_groups_that_need_an_order_are_refused():
    U, A, C = wg.free_unitary("U", 3), wg.constant("A", 3), wg.constant("C", 3)
    with pytest.raises(WeingartenError, match="order"):
        expectation(tr(U * A * U.H * U * C * U.H))
