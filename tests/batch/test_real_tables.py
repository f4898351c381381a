"""Iris, wine, digits and Fashion-MNIST in files, either way round: the same numbers or a refusal, never two answers."""

import numpy as np
import pytest

from isogap import make_batch, samples, simulate
from isogap.batch import datasets
from isogap.batch.samples import Batch
from isogap.batch.spec import InputError
from isogap.batch.tables import TableError, read_table

sklearn_datasets = pytest.importorskip("sklearn.datasets")
HAS_FASHION = (datasets.DEBIAN / "fashion-mnist").is_dir()
NAMES = ["iris", "wine", "digits", "fashion-mnist"]


def table_of(name):
    """A data set, samples first as its authors store it."""
    if name == "fashion-mnist":
        if not HAS_FASHION:
            pytest.skip("dataset-fashion-mnist is not installed")
        return datasets.load_dataset(name).test_images[:500]
    return getattr(sklearn_datasets, f"load_{name}")().data


@pytest.fixture(scope="module", params=NAMES)
def files(request, tmp_path_factory):
    """The table, and files that hold it samples first and features first."""
    table, folder = table_of(request.param), tmp_path_factory.mktemp("tables")
    paths = {way: folder / f"{way}.csv" for way in ("samples-first", "features-first")}
    np.savetxt(paths["samples-first"], table, delimiter=",", fmt="%.17g", header="a comment")
    np.savetxt(paths["features-first"], table.T, delimiter=";", fmt="%.17g")
    return table, paths


def drawn(path, width, batch, orientation=None) -> Batch:
    source = samples(path, orientation=orientation) if orientation else path
    return make_batch(source, width, batch, np.random.default_rng(1))


def widths(table):
    """Features, samples, and widths that are neither, above and below."""
    count, features = table.shape
    return sorted({2, 3, 10, 13, 64, 100, features, min(count, 200)})


def test_both_files_give_the_same_batch_when_it_is_said_how_they_lie(files):
    table, paths = files
    for width in widths(table):
        one, two = (drawn(path, width, 40, way).data for way, path in paths.items())
        assert one.tolist() == two.tolist()
        assert one.shape == (width, 40)


def test_without_a_word_a_file_is_refused_with_both_readings(files):
    """No shape tells which way a file lies: 100 rows at width 100 are as well 100 samples as 100 features."""
    table, paths = files
    count, features = table.shape
    for width in widths(table):
        for path in paths.values():
            with pytest.raises(InputError, match="Say which: input=isogap") as refusal:
                drawn(path, width, None)
            assert f"{count} samples of {features} features" in str(refusal.value)
            assert f"{features} samples of {count} features" in str(refusal.value)


def test_a_run_is_the_same_from_either_file(files):
    table, paths = files
    width = min(8, table.shape[1])
    runs = [
        simulate(width, 3, replicas=4, batch=30, input=samples(path, orientation=way), rng=5)
        for way, path in paths.items()
    ]
    assert runs[0].phi.mean.tolist() == runs[1].phi.mean.tolist()
    assert runs[0].rank == runs[1].rank == width


def test_digits_at_their_own_width_are_mixed_by_a_random_map():
    """Three pixels are zero in every digit: refused by number at width 64, and taken with a random map."""
    digits = sklearn_datasets.load_digits().data
    with pytest.raises(ValueError, match=r"all-zero feature rows \(row 0, .*map='random'"):
        simulate(64, 2, replicas=2, input=samples(digits), rng=1)
    run = simulate(64, 2, replicas=2, input=samples(digits, map="random"), rng=1)
    assert run.rank == 61  # of 64: as many as there are pixels that vary
    assert simulate(61, 2, replicas=2, input=samples(digits, map="pca"), rng=1).rank == 61


def test_tensors_and_frames_say_which_way_they_lie_or_are_refused():
    """They mostly have samples first, and the convention of the theory is features first."""
    digits = sklearn_datasets.load_digits().data[:100]
    for make in (
        lambda a: pytest.importorskip("torch").tensor(a),
        lambda a: pytest.importorskip("pandas").DataFrame(a),
    ):
        with pytest.raises(InputError, match="100 samples of 64 features"):
            make_batch(make(digits), 32, None, np.random.default_rng(1))
        found = make_batch(samples(make(digits)), 32, None, np.random.default_rng(1))
        assert found.data.shape == (32, 100)
        same = make_batch(samples(digits), 32, None, np.random.default_rng(1))
        assert found.data.tolist() == same.data.tolist()
        with pytest.raises(InputError, match="32 samples of 100 features"):
            make_batch(make(digits.T[:32].copy()), 32, None, np.random.default_rng(1))


@pytest.mark.parametrize("suffix", [".parquet", ".feather"])
def test_columnar_files_are_the_table(suffix, tmp_path):
    pandas = pytest.importorskip("pandas")
    pytest.importorskip("pyarrow")
    iris = sklearn_datasets.load_iris().data
    frame = pandas.DataFrame(iris, columns=list("abcd"))
    path = tmp_path / f"iris{suffix}"
    frame.to_parquet(path) if suffix == ".parquet" else frame.to_feather(path)
    assert read_table(path).values.tolist() == iris.tolist()
    frame.loc[7, "c"] = np.nan
    frame.to_parquet(path) if suffix == ".parquet" else frame.to_feather(path)
    with pytest.raises(ValueError, match=r"row 8, column 3 \(c\) is nan"):
        read_table(path)


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("0,1\n1,0\n", 2),  # a table of whole numbers
        ("0,1,2\n-3,4,5\n", 2),
        ("0,1\n0.5,0.25\n", 1),  # as pandas writes unnamed columns
        (",0,1\n0,3,4\n1,5,6\n", 2),
        ("0,1,2,3,4\n7,7,7,7,7\n", 1),
    ],
)
def test_a_short_first_row_of_whole_numbers_over_others_is_no_header(tmp_path, text, rows):
    path = tmp_path / "table.csv"
    path.write_text(text)
    assert len(read_table(path).values) == rows


def test_a_number_with_an_underscore_is_refused(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("1_0,2\n3,4\n")
    with pytest.raises(TableError, match="'1_0', which is no number"):
        read_table(path)
