"""Named activations, families with a parameter, users' own functions, numerical derivatives."""

import math

import numpy as np
import pytest

from isogap.cli.activation import activation_of
from isogap.model.activations import ACTIVATIONS, FAMILIES, Activation, activation, differentiated
from isogap.model.choices import ACTIVATION_FAMILIES, ACTIVATION_NAMES
from isogap.model.derivatives import central_difference
from isogap.model.synonyms import SYNONYMS

NAMES = [
    *ACTIVATIONS,
    "relu:+0.7",
    "relu:-0.5",
    "leaky-relu:0.2",
    "leaky-relu:-1",
    "hard-tanh:2",
    "power:3",
    "relu-power:2",
]


@pytest.mark.parametrize("name", NAMES)
def test_derivative_is_the_slope_away_from_kinks(name: str) -> None:
    phi = activation(name)
    x = np.linspace(-3, 3, 601) + 1e-3
    x = x[[all(abs(v - k) > 0.06 for k in phi.kinks + phi.jumps) for v in x]]
    slope, error = central_difference(phi.function)
    assert (np.abs(slope(x) - phi.derivative(x)) <= error(x) + 1e-13).all()
    assert error(x).max() < 1e-9


@pytest.mark.parametrize("name", NAMES)
def test_functions_bear_large_arguments(name: str) -> None:
    phi = activation(name)
    x = np.array([-700.0, -40.0, 40.0, 700.0])
    assert np.isfinite(phi.function(x)).all()
    assert np.isfinite(phi.derivative(x)).all()


def test_every_kink_is_a_kink_and_slopes_are_slopes() -> None:
    for name in NAMES:
        phi = activation(name)
        for kink in phi.kinks:
            left, right = phi.derivative(np.array([kink - 1e-9, kink + 1e-9]))
            curved = name.startswith("relu-power") or name == "elu"
            assert curved or abs(left - right) > 1e-3
        if phi.slopes is not None:
            y = np.array([-3.0, -0.5, 0.5, 3.0])
            assert np.allclose(phi.function(y), np.where(y < 0, phi.slopes[0] * y, phi.slopes[1] * y), rtol=1e-15)


def test_scaled_moves_everything() -> None:
    phi = activation("relu:+1").scaled(2.0)
    assert phi.kinks == (-0.5,)
    assert phi.function(np.array([-0.5, 1.0])).tolist() == [0.0, 3.0]
    assert phi.derivative(np.array([-0.6, 1.0])).tolist() == [0.0, 2.0]
    assert activation("leaky-relu:0.5").scaled(4.0).slopes == (2.0, 4.0)
    assert activation("tanh").scaled(1.0) is ACTIVATIONS["tanh"]
    own = differentiated("own", np.sin).scaled(3.0)
    assert own.derivative_error is not None
    x = np.linspace(-1, 1, 11)
    assert (np.abs(own.derivative(x) - 3 * np.cos(3 * x)) <= own.derivative_error(x)).all()


def test_a_listed_kink_is_not_straddled() -> None:
    own = differentiated("own", lambda y: np.abs(y), kinks=(0.0,))
    x = np.array([-1.0, -1e-3, -1e-6, 1e-6, 1e-3, 1.0])
    assert own.derivative(x) == pytest.approx(np.sign(x), abs=1e-12)
    assert own.derivative_error is not None
    assert own.derivative_error(x).max() < 1e-12


def test_an_unlisted_kink_shows_in_the_error() -> None:
    own = differentiated("own", np.abs)
    assert own.derivative_error is not None
    assert own.derivative_error(np.array([0.015]))[0] > 1e-3


def test_functions_and_objects_are_taken_as_they_are() -> None:
    own = Activation("own", np.sin, np.cos)
    assert activation(own) is own
    assert activation(np.tanh).name == "tanh"
    assert activation(np.tanh).derivative_error is not None


@pytest.mark.parametrize(
    ("what", "message"),
    [
        ("nosuch", "activation must be one of"),
        ("tanh:2", "tanh takes no parameter"),
        ("relu:", "'' is no number"),
        ("leaky-relu:inf", "'inf' is no number"),
        ("hard-tanh:0", "cutoff must be positive"),
        ("power:0", "exponent must be a whole number in 1..32"),
        ("relu-power:1", "exponent must be a whole number in 2..32"),
    ],
)
def test_unknown_names(what: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        activation(what)


@pytest.mark.parametrize("what", [3, None, Activation, math.pi])
def test_what_is_no_activation(what: object) -> None:
    with pytest.raises(TypeError, match="activation must be a name or an Activation"):
        activation(what)


def test_a_gain_that_is_not_positive_is_refused() -> None:
    for gain in (0.0, -1.0, math.inf, math.nan):
        with pytest.raises(ValueError, match="gain must be positive and finite"):
            activation("tanh").scaled(gain)


def test_the_names_offered_on_command_lines_are_those_there_are() -> None:
    assert set(ACTIVATION_NAMES) == set(ACTIVATIONS)
    assert set(ACTIVATION_FAMILIES) == set(FAMILIES)


# Names of the field and what they are, written out: torch.nn.functional, Keras and JAX have these.
FIELD = {
    "swish": lambda x: x / (1 + np.exp(-x)),
    "Swish": lambda x: x / (1 + np.exp(-x)),
    "linear": lambda x: x,
    "hardtanh": lambda x: np.clip(x, -1, 1),
    "hard tanh": lambda x: np.clip(x, -1, 1),
    "Hardtanh": lambda x: np.clip(x, -1, 1),
    "hard_tanh:2": lambda x: np.clip(x, -2, 2),
    "leaky_relu": lambda x: np.where(x > 0, x, 0.01 * x),
    "LeakyReLU:0.2": lambda x: np.where(x > 0, x, 0.2 * x),
    "leaky relu": lambda x: np.where(x > 0, x, 0.01 * x),
    "lrelu": lambda x: np.where(x > 0, x, 0.01 * x),
    "ReLU": lambda x: np.maximum(x, 0),
    "rectifier": lambda x: np.maximum(x, 0),
    "SiLU": lambda x: x / (1 + np.exp(-x)),
    "sine": np.sin,
    "exponential": np.exp,
    "absolute": np.abs,
    "signum": np.sign,
    "soft-plus": lambda x: np.log1p(np.exp(x)),
}
OTHERS = [
    "swish:1.5",
    "gelu-tanh",
    "gelu_new",
    "quick_gelu",
    "hardswish",
    "Hardswish",
    "relu6",
    "prelu",
    "sigmoid",
    "tanh:2",
    "linear:2",
]


@pytest.mark.parametrize("name", FIELD)
def test_a_name_of_the_field_is_read_where_it_is_the_same_function(name: str) -> None:
    x = np.linspace(-4, 4, 99)
    phi = activation(name)
    assert np.allclose(phi.function(x), FIELD[name](x), rtol=1e-14, atol=1e-15)
    assert phi.name in ACTIVATIONS or phi.name.partition(":")[0] in FAMILIES  # what is reported is the name here
    assert activation_of(name) == phi.name


@pytest.mark.parametrize("name", OTHERS)
def test_a_name_of_another_function_is_not(name: str) -> None:
    for read in (activation, activation_of):
        with pytest.raises(ValueError, match=r"another function|not among these|say which"):
            read(name)


@pytest.mark.parametrize("name", SYNONYMS)
def test_every_synonym_leads_to_a_known_name_and_is_none_itself(name: str) -> None:
    assert SYNONYMS[name] in ACTIVATIONS
    assert name not in ACTIVATIONS
    assert name in FIELD


def test_names_with_a_derivative_of_their_own_still_come_from_modules() -> None:
    assert activation_of("numpy:sin").name == "sin"
    assert activation_of("numpy:sin:numpy:cos").name == "sin"
    with pytest.raises(ImportError):
        activation_of("swish:forward")
