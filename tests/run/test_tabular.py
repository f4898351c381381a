"""Results as data frames, data sets with named axes, short lines and small pictures."""

import sys
from xml.etree import ElementTree

import numpy as np
import pytest

from isogap import History, Variant, simulate, simulate_variant
from isogap.base.svg import curve_svg
from isogap.base.tabular import Tabular, plain_attrs
from isogap.model.residual import ResidualChain
from isogap.run.mean_field import simulate_mean_field
from isogap.run.products import simulate_products
from isogap.run.residual import simulate_residual
from isogap.run.shrinking import simulate_widths

RUNS = {
    "chain": lambda: simulate(4, 6, replicas=40, gradients="cross-entropy", keep_paths=True, rng=1),
    "degenerate": lambda: simulate(4, 6, replicas=40, batch=3, rng=1),
    "depth 0": lambda: simulate(4, 0, replicas=2, rng=1),
    "variant": lambda: simulate_variant(Variant(4, 6, activation="tanh"), replicas=3, gap_layers=(0, 6), rng=1),
    "mean field": lambda: simulate_mean_field("tanh", 4, width=20, depth=4, replicas=3, rng=1),
    "residual": lambda: simulate_residual(ResidualChain(20, 4, 4), replicas=3, rng=1),
    "products": lambda: simulate_products(6, 2, replicas=10, rng=1),
    "training": lambda: History([2.3, 1.0], [0.1, 0.8], [0.1, 0.7], [0], [[1e-9, 2e-9]], [[0.0, 1.0]]),
    "shrinking": lambda: simulate_widths([6, 5, 5, 4], replicas=10, rng=1),
}


@pytest.fixture(scope="module")
def runs():
    return {name: make() for name, make in RUNS.items()}


@pytest.mark.parametrize("name", RUNS)
def test_a_result_is_one_short_line_and_a_small_page(runs, name):
    run = runs[name]
    assert isinstance(run, Tabular)
    line = repr(run)
    assert line.startswith(f"<{type(run).__name__}: ")
    assert line.endswith(">")
    assert len(line) < 250
    assert "\n" not in line
    page = ElementTree.fromstring(run._repr_html_())  # well-formed, or this raises
    assert page.findall(".//svg") or "nothing finite" in run._repr_html_()
    assert len(run._repr_html_()) < 20_000


@pytest.mark.parametrize("name", RUNS)
def test_a_result_is_a_data_frame_and_a_data_set_with_the_same_numbers(runs, name, tmp_path):
    pytest.importorskip("pandas")
    xarray = pytest.importorskip("xarray")
    run = runs[name]
    frame, data = run.to_dataframe(), run.to_xarray()
    sheet = run.sheet()
    assert frame.index.name == sheet.main
    assert list(frame.columns) == list(sheet.columns)
    for column in frame:
        np.testing.assert_array_equal(frame[column], data[column])
    for drawn in sheet.draws:
        assert data[drawn].dims[:2] == ("chain", "draw")
    data.to_netcdf(tmp_path / "run.nc", engine="scipy")
    with xarray.open_dataset(tmp_path / "run.nc", engine="scipy") as again:
        xarray.testing.assert_equal(again, data)
        assert set(again.attrs) == set(data.attrs)


def test_parquet_keeps_the_frame(runs, tmp_path):
    pandas = pytest.importorskip("pandas")
    pytest.importorskip("pyarrow")
    frame = runs["chain"].to_dataframe()
    frame.to_parquet(tmp_path / "run.parquet")
    pandas.testing.assert_frame_equal(pandas.read_parquet(tmp_path / "run.parquet"), frame)


def test_columns_are_the_numbers_of_the_result(runs):
    pytest.importorskip("pandas")
    run = runs["chain"]
    frame = run.to_dataframe()
    np.testing.assert_array_equal(frame["phi_mean"], run.phi.mean)
    np.testing.assert_array_equal(frame["bound_theorem_1"], run.bounds.theorem_1)
    np.testing.assert_array_equal(frame["log_jacobian_mean"][1:], run.log_jacobian.mean)
    assert np.isnan(frame["log_jacobian_mean"][0])
    np.testing.assert_array_equal(frame["gradient_log_norm_mean"], run.gradient.log_norm_mean)


def test_draws_have_the_dimensions_of_arviz(runs):
    pytest.importorskip("xarray")
    data = runs["chain"].to_xarray()
    assert data["path_log_phi"].dims == ("chain", "draw", "layer")
    assert data["path_log_phi"].shape == (1, 40, 7)
    mean = data["path_phi"].mean(("chain", "draw"))
    np.testing.assert_allclose(mean[1:], runs["chain"].phi.mean[1:], rtol=1e-13)
    assert runs["variant"].to_xarray()["log_norm"].shape == (1, 3, 7)
    assert data["one_step_z"].dims == ("checked_layer",)


@pytest.mark.parametrize(
    ("method", "package", "extra"), [("to_dataframe", "pandas", "tables"), ("to_xarray", "xarray", "arrays")]
)
def test_without_the_package_the_extra_is_named(runs, method, package, extra, monkeypatch):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(ImportError, match=rf'pip install "isogap\[{extra}\]"'):
        getattr(runs["chain"], method)()


def test_a_seed_of_many_bits_survives_as_text():
    assert plain_attrs({"seed": 2**127, "phi0": 1.5, "list": [1, 2], "none": None, "good": True}) == {
        "seed": str(2**127), "phi0": 1.5, "list": "[1, 2]", "good": 1,
    }  # fmt: skip


def test_a_picture_of_one_point_and_of_gaps():
    nothing = curve_svg(np.arange(2.0), np.full(2, np.nan), x_label="layer", y_label="a < b")
    assert "nothing finite" in nothing
    assert "a &lt; b" in nothing
    one = curve_svg(np.zeros(1), np.ones(1), x_label="layer", y_label="gap")
    ElementTree.fromstring(one)
    broken = curve_svg(np.arange(5.0), np.array([1, np.nan, 2, 3, np.inf]), x_label="layer", y_label="gap")
    assert broken.count("<polyline") == 2
    assert "nan" not in broken
