"""Questions of the command line that were once answered as other ones: each with its neighbours."""

from __future__ import annotations

import json

import pytest

from weingarten.cli import main


def printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """Return what `weingarten expect` prints."""
    assert main(["expect", *arguments]) == 0
    return capsys.readouterr().out.strip()


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """Return the message with which `weingarten expect` refuses."""
    assert main(["expect", *arguments]) == 2
    found = capsys.readouterr()
    assert found.out == ""
    assert found.err.startswith("weingarten: error: ")
    assert "Traceback" not in found.err
    return found.err


@pytest.mark.parametrize(
    "text",
    [
        "np.conj(U11) U11",
        "np.conjugate(U11) U11",
        "tr(U A np.conj(U) B)",
        "tr(U A np.transpose(U) B)",
        "tr(U A np.transpose (U) B)",
        "tr(U A U.conj(B))",
        "tr(U A U.H(B))",
        "tr(U A np.inv(U) B)",
        "tr(U A U.dag(B))",
    ],
)
def test_a_method_with_an_argument_is_no_product(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert "takes no argument" in refused(capsys, text, "--group", "U")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("conj(U11) U11", "1/d"),
        ("tr(U A U.conj().T B)", "Trace(A)*Trace(B)/d"),
        ("tr(U A U.H B)", "Trace(A)*Trace(B)/d"),
        ("tr(U A U.H (B + 0))", "Trace(A)*Trace(B)/d"),
        ("tr(U A U.inv() B)", "Trace(A)*Trace(B)/d"),
    ],
)
def test_methods_without_arguments_are_decorations(text: str, value: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert value in printed(capsys, text, "--group", "U")


@pytest.mark.parametrize(
    ("text", "group", "sizes", "value"),
    [
        ("det(G G')", "ginibre", "2,3", "6"),
        ("det(G' G)", "ginibre", "2,3", "0"),
        ("det(2 G G')", "ginibre", "2,3", "24"),
        ("det(G G^H)", "complex ginibre", "2,4", "12"),
        ("det(T T')", "real corner", "2,3,5", "3/10"),
        ("det(G)^2", "ginibre", "2,2", "2"),
        ("det(G G')", "ginibre", "2,2", "2"),
    ],
)
def test_determinants_of_products_of_rectangles_are_those_of_the_product(
    text: str, group: str, sizes: str, value: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert value in printed(capsys, text, "--group", group, "--d", sizes).splitlines()


@pytest.mark.parametrize("sizes", ["2,3", "3,2"])
def test_a_rectangle_has_no_determinant(sizes: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert "does not exist" in refused(capsys, "det(G)^2", "--group", "ginibre", "--d", sizes)


@pytest.mark.parametrize(
    ("text", "group", "sizes", "value"),
    [
        ("tr(W)^3", "real jacobi", "2,1,1", "1"),  # a projector on a line
        ("tr(W^3)", "real jacobi", "2,1,1", "1"),
        ("tr(W)^3", "complex jacobi", "2,1,1", "1"),
        ("tr(W A)", "real jacobi", "2,1,1", "Trace(A)/2"),
        ("tr(W)^3", "real jacobi", "2,2,1", "96/35"),  # eigenvalues 1 and b, b of law Beta(1/2, 1): E b^k = 1/(2k+1)
    ],
)
def test_jacobi_matrices_of_few_degrees_of_freedom_have_moments(
    text: str, group: str, sizes: str, value: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert printed(capsys, text, "--group", group, "--d", sizes) == value


@pytest.mark.parametrize(
    ("arguments", "value"),
    [
        (["W11/n", "--group", "wishart", "--d", "p,n"], "1"),
        (["W11/n", "--group", "wishart"], "1"),
        (["W11/m", "--group", "wishart", "--d", "2,m"], "1"),
        (["W11/n", "--group", "wishart", "--d", "2,3"], "1"),
        (["(W11 - n)^2", "--group", "wishart", "--d", "2,3"], "6"),  # 2 n
        (["p G11^2", "--group", "ginibre", "--d", "2,3"], "2"),
        (["d T11^2", "--group", "real corner", "--d", "2,3,5"], "1"),
        (["n1 W11", "--group", "real jacobi", "--d", "2,3,4"], "9/7"),
        (["d H11^2", "--group", "GUE", "--d", "3"], "3"),
        (["d W11^2", "--declare", "M", "--d", "M"], "1"),
        (["M W11^2", "--declare", "M", "--d", "M"], "1"),
        (["d W11^2", "--declare", "M", "--d", "2*M"], "1"),
        (["M W11^2", "--declare", "M", "--d", "2*M"], "1/2"),
        (["d W11^2", "--declare", "d", "--d", "2*d"], "1/2"),
        (["d W11^2", "--d", "7"], "1"),
    ],
)
def test_names_of_sizes_are_the_sizes(arguments: list[str], value: str, capsys: pytest.CaptureFixture[str]) -> None:
    lines = [x for x in printed(capsys, *arguments).splitlines() if not x.startswith(("#", "read as"))]
    assert lines == [value]


def test_another_name_for_a_size_is_mentioned(capsys: pytest.CaptureFixture[str]) -> None:
    assert "d is the size M" in printed(capsys, "d W11^2", "--declare", "M", "--d", "M")
    assert "d is the size 2" in printed(capsys, "d W11", "--group", "wishart", "--d", "2,3")
    assert "n is the size n" in printed(capsys, "tr(W n)", "--group", "wishart")


def test_d_is_no_size_of_a_rectangle(capsys: pytest.CaptureFixture[str]) -> None:
    message = refused(capsys, "d G11^2", "--group", "ginibre", "--d", "2,3")
    assert "d is no size of ginibre; its sizes are p, n" in message


def test_declared_names_are_scalars_of_ensembles_too(capsys: pytest.CaptureFixture[str]) -> None:
    found = printed(capsys, "tr(T H T H)", "--group", "GUE", "--declare", "T")
    assert found.splitlines()[0] == "T**2*d**2"
    assert "Trace(A)" in printed(capsys, "tr(H A H)", "--group", "GUE", "--symmetric", "A")


@pytest.mark.parametrize(
    ("options", "word"),
    [
        (["--symmetric", "Q"], "no such constant"),
        (["--symmetric", "H"], "two different things"),
        (["--haar", "d"], "name of a size"),
        (["--haar", "I"], "a meaning of its own"),
        (["--declare", "H"], "two different things"),
        (["--declare", "d", "--d", "3"], "leave it out"),
    ],
)
def test_options_that_do_not_fit_an_ensemble_are_refused(
    options: list[str], word: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert word in refused(capsys, "tr(H^2)", "--group", "GUE", *options)


@pytest.mark.parametrize(
    "text", ["tr(G A G B) + tr(G)", "tr(G)", "tr(G) + 1", "tr(G^2)", "tr(G + A)", "tr(G A) + tr(A A)"]
)
def test_rectangles_that_do_not_fit_are_refused_in_words(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert "sizes do not fit: G is 2 x 3" in refused(capsys, text, "--group", "ginibre", "--d", "2,3")


@pytest.mark.parametrize(
    ("text", "options", "value"),
    [
        ("tr(H J H^T J)", ["--group", "GSE"], "-d*(d - 1)/2"),
        ("tr(H J H J)", ["--group", "GSE", "--d", "2"], "-1"),  # H = h 1 with E h^2 = 1/2
        ("tr(H H)", ["--group", "GSE", "--d", "2"], "1"),
        ("tr(H J)", ["--group", "GSE", "--d", "4"], "0"),
        ("tr(G J G^T J)", ["--group", "quaternion ginibre", "--d", "4,4"], "-32"),  # J G^T J = -G^H
        ("tr(G G^H)", ["--group", "quaternion ginibre", "--d", "4,4"], "32"),
        ("tr(H J H J)", ["--group", "GUE", "--d", "2"], "Trace(J)**2"),  # no form there: a constant
    ],
)
def test_j_is_the_form_of_quaternion_ensembles(
    text: str, options: list[str], value: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert value in printed(capsys, text, *options).splitlines()


@pytest.mark.parametrize("group", ["GSE", "quaternion ginibre", "CII", "CI", "DIII"])
def test_the_name_of_the_form_is_taken(group: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert "symplectic form" in refused(capsys, "tr(J)", "--group", group, "--haar", "J")
    letter = {"GSE": "H", "quaternion ginibre": "G"}.get(group, "V")
    assert "symplectic form" in refused(capsys, f"tr({letter} J)", "--group", group, "--symmetric", "J")


@pytest.mark.parametrize(
    ("text", "group", "line"),
    [
        ("2 var(tr(P)^2) + tr(P)", "permutation", "# valid for d >= 4 (4 factors)"),
        ("var(tr(P)^2)", "permutation", "# valid for d >= 4 (4 factors)"),
        ("cov(tr(P), tr(P))", "permutation", "# valid for d >= 2 (2 factors)"),
        ("var(tr(W))", "inverse wishart", "# valid for n - p >= 4 (a moment of degree 2 exists only there)"),
    ],
)
def test_var_and_cov_of_ensembles_keep_their_range(
    text: str, group: str, line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert line in printed(capsys, text, "--group", group).splitlines()


def test_json_of_an_averaged_answer_states_no_size_that_was_not_given(capsys: pytest.CaptureFixture[str]) -> None:
    found = json.loads(printed(capsys, "var(tr(W))", "--group", "inverse wishart", "--format", "json"))
    assert (found["d"], found["validity"].split(" (")[0]) == (None, "n - p >= 4")


def test_var_at_a_small_size_is_computed_there(capsys: pytest.CaptureFixture[str]) -> None:
    # tr(P) is 2 or 0 with probability 1/2: its square has variance 4
    assert "9" in printed(capsys, "2 var(tr(P)^2) + tr(P)", "--group", "permutation", "--d", "2").splitlines()


@pytest.mark.parametrize("group", ["Sp", "sp", "CSE"])
def test_answers_about_entries_say_which_indices_are_partners(group, capsys):
    letter = "V" if group == "CSE" else "S"
    assert main(["moment", f"|{letter}11|^2 |{letter}22|^2", "--group", group, "--d", "4"]) == 0
    assert "indices 2k-1 and 2k are partners" in capsys.readouterr().out
    assert main(["expect", f"tr({letter})^2", "--group", group]) == 0
    assert "partners" not in capsys.readouterr().out
