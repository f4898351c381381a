"""Which of Theorems A to F covers a variant: every entry names its theorem, and conjectures say so."""

import re

import pytest

from isogap.model.variant import Variant
from isogap.theory.coverage import wider_theorems


def labels(variant: Variant, rank: int) -> list[str]:
    return [re.match(r"[A-F][0-9a-e]*", line)[0] for line in wider_theorems(variant, rank)]  # type: ignore[index]


@pytest.mark.parametrize(
    ("options", "rank", "expected"),
    [
        ({}, 8, ["A", "B1", "C1"]),
        ({"batch": 9, "mean_removal": True}, 8, ["A", "B1", "C1"]),
        ({"weights": "hadamard"}, 8, ["F2b"]),
        ({"weights": "dct", "batch": 20}, 8, ["F2b"]),
        ({"weights": "hadamard"}, 7, []),
        ({"batch": 8, "repeats": 2}, 4, ["D1", "D4", "F2e"]),
        ({"batch": 4}, 4, ["D4", "F2e"]),
        ({"batch": 2}, 2, ["F2e"]),
        ({"weights": "gaussian", "batch": 4}, 4, ["D5"]),
        ({"weights": "gaussian", "batch": 20}, 8, []),
        ({"eps": 1e-5}, 8, ["F3a"]),
        ({"eps": 1e-5, "weights": "gaussian"}, 8, []),
        ({"activation": "sin", "exponent": 1.0}, 8, ["F4a", "F4b"]),
        ({"activation": "tanh", "exponent": 0.3}, 8, ["F4b"]),
        ({"activation": "tanh", "exponent": 0.2}, 8, []),
        ({"activation": "tanh", "exponent": 1.0, "batch": 9}, 8, ["F4a"]),
        ({"activation": "relu", "exponent": 1.0}, 8, []),
        ({"activation": "sin", "exponent": 1.0, "order": "act-norm"}, 8, []),
    ],
)
def test_the_theorems_of_a_variant(options: dict[str, object], rank: int, expected: list[str]) -> None:
    assert labels(Variant(8, 10, **options), rank) == expected  # type: ignore[arg-type]


def test_conjectures_say_so() -> None:
    for line in (
        *wider_theorems(Variant(8, 10, batch=4), 4),
        *wider_theorems(Variant(8, 10, batch=4, weights="gaussian"), 4),
    ):
        assert ("conjecture" in line) == line.startswith(("D4", "D5"))
