"""Tables as people have them: read, oriented and mapped as said, or refused with place and remedy; never turned silently."""

import numpy as np
import pytest

from isogap import make_batch, samples, simulate
from isogap.batch.spec import InputError
from isogap.batch.tables import TableError, read_table

TABLE = np.array([[5.1, 3.5], [4.9, 3.0], [4.7, 3.2]])
LINES = [[f"{x}" for x in row] for row in TABLE]


def text(rows, delimiter=",", end="\n"):
    return end.join(delimiter.join(row) for row in rows) + end


WRITTEN = {
    "plain": text(LINES),
    "header": "length,width\n" + text(LINES),
    "quoted header": '"length","width"\n' + text(LINES),
    "quoted numbers": text([[f'"{x}"' for x in row] for row in LINES]),
    "semicolons": text(LINES, ";"),
    "semicolons and header": "length;width\n" + text(LINES, ";"),
    "tabs": text(LINES, "\t"),
    "blanks": text(LINES, "  "),
    "blanks after commas": text(LINES, ", "),
    "windows": text(LINES, end="\r\n"),
    "byte order mark": "\ufefflength,width\n" + text(LINES),
    "comment": "# made by hand\n" + text(LINES),
    "empty lines": "\n" + text(LINES) + "\n\n",
    "separator at the end": text([[*row, ""] for row in LINES]),
    "columns numbered": "0,1\n" + text(LINES),
    "rows and columns numbered": ",0,1\n" + text([[str(k), *row] for k, row in enumerate(LINES)]),
    "index from 0": ",a,b\n" + text([[str(k), *row] for k, row in enumerate(LINES)]),
    "index from 1": "id,a,b\n" + text([[str(k + 1), *row] for k, row in enumerate(LINES)]),
}


@pytest.mark.parametrize("name", WRITTEN)
def test_one_table_in_many_hands(tmp_path, name):
    path = tmp_path / "a.csv"
    path.write_bytes(WRITTEN[name].encode())
    assert read_table(path).values.tolist() == TABLE.tolist()


def test_a_table_wider_than_a_field_of_the_csv_module(tmp_path):
    table = np.random.default_rng(0).standard_normal((3, 9000))
    np.savetxt(tmp_path / "a.csv", table, delimiter=",")
    assert (read_table(tmp_path / "a.csv").values == table).all()


def test_a_column_that_only_looks_like_row_numbers_stays(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("age,height\n0,3.5\n1,3.0\n2,3.2\n")
    assert read_table(path).values[:, 0].tolist() == [0.0, 1.0, 2.0]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("# made\n\n1,2\n3,x\n", "row 4, column 2 holds 'x'"),
        ("sepal,petal,species\n5.1,3.5,setosa\n", r"row 2, column 3 \(species\) holds 'setosa'"),
        ("a,b\n1,2\n3,\n", r"row 3, column 2 \(b\) is blank"),
        ("a,b\n1,2\n3,NA\n", r"row 3, column 2 \(b\) is NA"),
        ("1,2\n3,nan\n", "row 2, column 2 is nan"),
        ("1,2\n3,inf\n", "row 2, column 2 is inf"),
        ("1,2\n3,x\n", "row 2, column 2 holds 'x', which is no number"),
        ("1;2,5\n3;4,5\n", "row 1, column 2 holds '2,5', which is no number; decimal commas are not read"),
        ("1,2\n3,4,5\n", "line 2 has 3 cells, 2 are expected"),
        ("", "it is empty"),
        ("# only a comment\n", "it is empty"),
    ],
)
def test_a_bad_cell_is_named_by_row_and_column(tmp_path, content, message):
    path = tmp_path / "a.csv"
    path.write_text(content)
    with pytest.raises(TableError, match=message):
        read_table(path)


def test_archives_hold_one_table(tmp_path):
    np.savez(tmp_path / "a.npz", x=TABLE, y=np.arange(3))
    assert read_table(tmp_path / "a.npz").values.tolist() == TABLE.tolist()
    np.savez(tmp_path / "b.npz", x=TABLE, z=TABLE)
    with pytest.raises(TableError, match=r"one table is expected, the archive holds x \(3, 2\), z \(3, 2\)"):
        read_table(tmp_path / "b.npz")


def test_tensors(tmp_path):
    torch = pytest.importorskip("torch")
    torch.save(torch.tensor(TABLE, requires_grad=True), tmp_path / "a.pt")
    assert read_table(tmp_path / "a.pt").values.tolist() == TABLE.tolist()
    torch.save({"x": 1}, tmp_path / "b.pt")
    with pytest.raises(TableError, match="a tensor is expected, the file holds dict"):
        read_table(tmp_path / "b.pt")
    torch.save(torch.nn.Linear(2, 2), tmp_path / "c.pt")
    with pytest.raises(
        TableError, match=r"no tensor: it holds torch\.nn\.modules\.linear\.Linear, which is not loaded"
    ):
        read_table(tmp_path / "c.pt")
    half = torch.tensor([[1.0, 2.0], [3.0, 5.0]], dtype=torch.bfloat16, requires_grad=True)
    found = make_batch(samples(half), 2, None, np.random.default_rng(0))
    assert found.data.tolist() == [[1.0, 3.0], [2.0, 5.0]]


SHAPES = [(150, 4, 4), (150, 4, 8), (1797, 64, 64), (1797, 64, 16), (178, 13, 13), (178, 13, 32), (60000, 784, 100)]


@pytest.mark.parametrize(("rows", "columns", "width"), SHAPES)
def test_samples_first_tables_are_read_right_or_refused(rows, columns, width):
    """Never two answers silently: without a word it is refused, and both ways of saying it give the same numbers."""
    if rows * columns > 10**6:
        rows, columns, width = 6000, 78, 10
    table = np.random.default_rng(0).standard_normal((rows, columns))
    with pytest.raises(InputError, match=f"{rows} samples of {columns} features") as refusal:
        make_batch(table, width, None, np.random.default_rng(1))
    assert "'samples-first'" in str(refusal.value)
    one = make_batch(samples(table), width, 20, np.random.default_rng(1))
    other = make_batch(samples(table.T, orientation="features-first"), width, 20, np.random.default_rng(1))
    assert one.data.tolist() == other.data.tolist()
    assert one.data.shape == (width, 20)


@pytest.mark.parametrize(("rows", "columns", "width"), [(10, 6, 3), (4, 9, 6), (64, 1797, 64), (7, 7, 7), (12, 3, 12)])
def test_tables_that_lie_as_documented_need_no_word(rows, columns, width):
    found = make_batch(np.random.default_rng(0).standard_normal((rows, columns)), width, None, np.random.default_rng(1))
    assert found.data.shape == (width, columns)


def test_maps():
    table = np.random.default_rng(0).standard_normal((6, 40)) * np.array([9.0, 5.0, 3.0, 1.0, 0.5, 0.1])[:, None]
    spec = samples(table, orientation="features-first", map="pca")
    data = make_batch(spec, 3, None, np.random.default_rng(1)).data
    covariance = np.cov(data)
    assert np.abs(covariance - np.diag(np.diag(covariance))).max() < 1e-12 * covariance.max()
    same = make_batch(
        samples(table, orientation="features-first", map="random"), 6, None, np.random.default_rng(1)
    ).data
    assert same.shape == (6, 40)
    assert np.abs(same - table).max() > 0.1
    with pytest.raises(InputError, match="has 6 features, the width is 3: take isogap"):
        make_batch(samples(table, orientation="features-first", map="none"), 3, None, np.random.default_rng(1))
    few = samples(table[:, :6], orientation="features-first", map="pca")
    with pytest.raises(InputError, match="varies in 5 directions about its mean, too few for 6 principal components"):
        make_batch(few, 6, None, np.random.default_rng(1))
    with pytest.raises(InputError, match="too few for 9 principal components"):
        make_batch(samples(table, orientation="features-first", map="pca"), 9, None, np.random.default_rng(1))


def test_constant_features_are_named_and_mixed_by_a_random_map():
    table = np.random.default_rng(0).standard_normal((4, 30))
    table[2] = 0.0
    with pytest.raises(ValueError, match=r"row 2.*map='random'"):
        simulate(4, 2, input=table, replicas=3, rng=0)
    run = simulate(4, 2, input=samples(table, orientation="features-first", map="random"), replicas=3, rng=0)
    assert run.rank == 3


def test_fewer_samples_are_drawn_by_the_seed_and_more_are_refused():
    table = np.random.default_rng(0).standard_normal((3, 30))
    one, same, other = (make_batch(table, 3, 8, np.random.default_rng(seed)).data for seed in (1, 1, 2))
    assert one.tolist() == same.tolist() != other.tolist()
    assert {tuple(column) for column in one.T} <= {tuple(column) for column in table.T}
    with pytest.raises(InputError, match="has 30 samples of 3 features, batch 31 was asked for"):
        make_batch(table, 3, 31, np.random.default_rng(1))


@pytest.mark.parametrize("what", ["gaussian", "near-isometry:0.1", "digits"])
def test_an_orientation_of_what_is_no_table_is_refused(what):
    with pytest.raises(InputError, match=r"input .* is none"):
        samples(what, orientation="samples-first")


def test_what_was_said_of_a_table_is_not_forgotten():
    spec = samples(TABLE, orientation="features-first", map="random")
    assert samples(spec) == spec
    with pytest.raises(InputError, match="was said to have orientation features-first, now samples-first: say one"):
        samples(spec, orientation="samples-first")
