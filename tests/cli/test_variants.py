import json
from pathlib import Path

import numpy as np
import pytest

from isogap import Variant, load_variants, save_variants, simulate_variant
from isogap.cli.variants import main
from isogap.model.activations import Activation


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    width = [] if any(argument.startswith("--width=") for argument in arguments) else ["--width=6"]
    assert main([*width, "--depth=40", "--replicas=8", "--seed=1", *arguments]) == 0
    return capsys.readouterr().out


def test_each_variant_says_what_covers_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert "every hypothesis holds\n  Theorems 1, 3 and 5\n" in run(capsys)
    assert "for n > d (S7)" in run(capsys, "--batch=9")
    assert "for mean removal (S8)" in run(capsys, "--batch=9", "--mean-removal", "--root-n")
    for arguments in (
        ["--weights=gaussian"], ["--batch=6", "--repeats=2"], ["--mean-removal"],
        ["--activation=tanh", "--exponent=0.4"], ["--activation=selu", "--order=act-norm"],
    ):  # fmt: skip
        out = run(capsys, *arguments)
        assert "no theorem rules out explosion" in out
        assert "Theorem 5:" not in out
        assert "growth per layer" in out
    for arguments in (["--batch=9", "--batch-norm-1d"], ["--eps=0.1"]):
        out = run(capsys, *arguments)
        assert "is covered by F3" in out
        assert "Theorem 5:" not in out


def test_activation_with_a_parameter(capsys: pytest.CaptureFixture[str]) -> None:
    same = run(capsys, "--activation=leaky-relu:0.01").replace("leaky-relu:0.01", "leaky-relu")
    assert same == run(capsys, "--activation=leaky-relu")
    assert main(["--width=4", "--depth=5", "--activation=leaky-relu:x"]) == 2
    assert "'x' is no number" in capsys.readouterr().err


def test_own_activation(capsys: pytest.CaptureFixture[str]) -> None:
    own = run(capsys, "--activation=numpy:sin:numpy:cos")
    assert own == run(capsys, "--activation=sin")


def test_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = json.loads(run(capsys, "--json=-"))
    assert len(data["log_norm"]) == 8
    assert len(data["log_norm"][0]) == 41
    assert set(data["gradient_bounds"]) == {"theorem_5", "sharp"}
    assert data["variant"]["activation"] == "identity"
    run(capsys, f"--json={tmp_path}/a.json", "--quiet")
    assert json.loads((tmp_path / "a.json").read_text()) == data


def test_input_and_threads(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """A file gives the batch its size, ``--repeats`` times; the threads change nothing."""
    monkeypatch.chdir(tmp_path)
    np.savetxt("table.csv", np.random.default_rng(0).standard_normal((9, 11)), delimiter=",")
    table = ("--input=table.csv", "--features-first")
    table = ("--input=table.csv", "--features-first")
    one, two = (run(capsys, *table, "--activation=tanh", "--json=-", f"--threads={t}") for t in (1, 2))
    assert one == two
    data = json.loads(one)
    assert (data["input"], data["variant"]["batch"], data["rank"]) == ("table.csv", 11, 6)
    assert json.loads(run(capsys, *table, "--repeats=2", "--json=-"))["variant"]["batch"] == 22
    assert "batch 6, input near-isometry:0.1, rank 6," in run(capsys, "--input=near-isometry:0.1")
    assert run(capsys, "--input=gaussian", "--repeats=2") == run(capsys, "--repeats=2")


@pytest.mark.parametrize("source", ["gaussian", "near-isometry:0.1", "digits"])
def test_repeats_of_an_input_without_a_size(source: str, capsys: pytest.CaptureFixture[str]) -> None:
    """By default there are as many distinct samples as features, as without ``--repeats``."""
    if source == "digits":
        pytest.importorskip("sklearn")
    arguments = ("--width=10", f"--input={source}", "--repeats=3")
    out = run(capsys, *arguments)
    assert f"batch 30, input {source}, rank 10," in out
    assert "for n > d (S7)" in out
    assert run(capsys, *arguments, "--batch=30") == out


@pytest.mark.parametrize("what", ["", "nonsense", "spectrum"])
def test_inputs_that_are_listed_are_taken(what: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--width=6", "--depth=10", f"--input={what}"]) == 2
    error = capsys.readouterr().err
    assert (
        f"input {what!r} is not known: use gaussian, near-isometry:F, digits, or a file of samples (.csv, .npy, ...)"
        in error
    )
    assert "spectrum:" not in error


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--activation=nosuch"], "activation must be one of"),
        (["--activation=numpy:sin:numpy"], "MODULE:FUNCTION:MODULE:DERIVATIVE"),
        (["--activation=relu,relu"], "must be different values between commas"),
        (["--gain=1,x"], "'1,x' is no list of numbers"),
        (["--weights=orthogonal,gausian"], "got 'gausian'; did you mean gaussian?"),
        (["--labels=none.npy"], "label file none.npy does not exist"),
        (["--labels=three.csv"], "labels"),
        (["--input=three.csv"], "Say which: --features-first or --samples-first"),
        (["--save=a.txt"], "must end in .npz"),
        (["--csv=a.csv", "--plot=a.gif"], "must end in .png or .svg or .pdf"),
        (["--activation=numpy:nosuch:numpy:cos"], "numpy has no function nosuch"),
        (["--activation=nosuch:a:nosuch:b"], "No module named"),
        (["--gain=0"], "gain must be positive"),
        (["--eps=-1"], "eps must be at least 0"),
        (["--batch=1", "--mean-removal"], "batch of at least 2: of one sample, from which"),
        (["--batch=1"], "take --batch 2 or more different samples, or --eps above 0"),
        (["--depth=1"], "must be at least 2"),
        (["--json=/nowhere/a.json"], "folder /nowhere does not exist"),
        (["--input=nonsense"], "input 'nonsense' is not known"),
        (["--input=none.npy"], "none.npy does not exist"),
        (["--input=junk.npy"], "junk.npy cannot be read as a table of numbers"),
        (["--input=empty.csv"], "empty.csv: it is empty"),
        (["--input=inf.csv"], "inf.csv: row 1, column 2 is inf"),
        (
            ["--input=three.csv", "--features-first", "--batch=4"],
            "three.csv has 3 samples of 2 features, batch 4 was asked for",
        ),
        (
            ["--input=three.csv", "--features-first", "--batch=8", "--repeats=2"],
            "batch 4 was asked for (batch 8, each sample 2 times: 4",
        ),
        (["--input=near-isometry:0.1", "--batch=7"], "batch must equal the width 6, got 7"),
        (["--input=spectrum:1,1,1,1,1,1"], "the samples themselves matter"),
        (["--input=three.csv", "--json=three.csv"], "output three.csv would overwrite the input"),
        (["--threads=0"], "must be at least 1"),
    ],
)
def test_bad_input(
    arguments: list[str],
    message: str,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    for name, text in {
        "junk.npy": "junk",
        "empty.csv": "",
        "inf.csv": "1,inf\n",
        "three.csv": "1,2,3\n4,5,7\n",
    }.items():
        Path(name).write_text(text)
    try:
        status = main(["--width=6", "--depth=10", *arguments])
    except SystemExit as stop:
        status = int(stop.code or 0)
    error = capsys.readouterr().err
    assert status == 2
    assert message in error
    assert error.count("\n") == 1


def test_digits(capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("sklearn")
    assert main(["--width=6", "--depth=10", "--input=digits", "--batch=200"]) == 2
    assert "labels of input digits reach" in capsys.readouterr().err
    assert main(["--width=10", "--depth=10", "--input=digits", "--batch=15", "--seed=1"]) == 0
    assert "batch 15, input digits, rank 10" in capsys.readouterr().out


def test_activation_that_returns_nan(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--width=4", "--depth=5", "--activation=numpy:sqrt:numpy:cos"]) == 2
    assert "activation 'sqrt' returned nan" in capsys.readouterr().err


def test_values_side_by_side_are_the_runs_one_by_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The same seed draws the same weights for every variant, so a difference is that of the variants."""
    together = json.loads(run(capsys, "--weights=orthogonal,gaussian", "--activation=relu,tanh", "--json=-"))
    names = ["orthogonal, relu", "orthogonal, tanh", "gaussian, relu", "gaussian, tanh"]
    assert [r["name"] for r in together["runs"]] == names
    alone = json.loads(run(capsys, "--weights=gaussian", "--activation=tanh", "--json=-"))
    assert {"name": names[3]} | alone == together["runs"][3]
    table = run(capsys, "--weights=orthogonal,gaussian", "--activation=relu,tanh").split("\n")
    assert [line[: len(name)] for line, name in zip(table[2:], names, strict=False)] == names
    assert sum("no theorem rules out explosion" in line for line in table) == 4
    assert "gain 1" in run(capsys, "--gain=1,2", "--activation=tanh")


def test_files_hold_the_runs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(
        capsys, "--activation=gelu,silu,elu,softplus", f"--csv={tmp_path}/a.csv", f"--save={tmp_path}/a.npz",
        f"--plot={tmp_path}/a.png", "--quiet",
    )  # fmt: skip
    rows = (tmp_path / "a.csv").read_text().splitlines()
    assert rows[0].startswith("variant,layer,log_norm_mean,log_norm_stderr")
    assert len(rows) == 1 + 4 * 41
    runs = load_variants(tmp_path / "a.npz")
    assert [r.variant.activation.name for r in runs] == ["gelu", "silu", "elu", "softplus"]
    assert float(rows[1 + 41].split(",")[2]) == pytest.approx(runs[1].log_norm[:, 0].mean(), rel=1e-12)
    assert (tmp_path / "a.png").stat().st_size > 5000


def test_saved_runs_come_back_without_loss(tmp_path: Path) -> None:
    own = Activation("own", np.sin, np.cos)
    runs = [
        simulate_variant(Variant(6, 5), replicas=2, gap_layers=(0, 5), rng=1),
        simulate_variant(Variant(6, 5, batch=4, activation=own), replicas=3, rng=None),
    ]
    save_variants(runs, tmp_path / "a.npz")
    again = load_variants(tmp_path / "a.npz", {"own": own})
    for one, two in zip(runs, again, strict=True):
        for name in ("variant", "gap_layers", "rank", "phi0", "theorem", "bounds", "loss", "seed", "input", "wider"):
            assert getattr(one, name) == getattr(two, name)
        assert np.array_equal(one.log_norm, two.log_norm)
        assert np.array_equal(one.gap, two.gap)
    with pytest.raises(ValueError, match=r"holds no runs of variants: activation must be one of"):
        load_variants(tmp_path / "a.npz")
    (tmp_path / "b.npz").write_bytes((tmp_path / "a.npz").read_bytes()[:200])
    with pytest.raises(ValueError, match="holds no runs of variants"):
        load_variants(tmp_path / "b.npz")


def test_labels_of_ones_own(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    np.save(tmp_path / "labels.npy", np.arange(6) % 3)
    np.savetxt(tmp_path / "table.csv", np.random.default_rng(0).standard_normal((6, 6)), delimiter=",")
    table = ("--features-first", f"--input={tmp_path}/table.csv")
    own = json.loads(run(capsys, *table, f"--labels={tmp_path}/labels.npy", "--json=-"))
    other = json.loads(run(capsys, *table, "--labels=random", "--json=-"))
    assert own["log_norm"] != other["log_norm"]
    assert other["log_norm"] == json.loads(run(capsys, *table, "--json=-"))["log_norm"]


@pytest.mark.parametrize("exponent", [-300, -150, 150, 300])
def test_data_of_any_size_are_the_same_network(
    exponent: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Normalisation forgets the size of the data, also where their squares leave the range of floats."""
    data = np.random.default_rng(0).standard_normal((6, 8))
    data[1] *= 2.0**40
    way = "--features-first"
    np.save(tmp_path / "one.npy", data)
    np.save(tmp_path / "far.npy", np.ldexp(data, 3 * exponent))
    for arguments in ([], ["--activation=relu", "--mean-removal", "--root-n"]):
        one = json.loads(run(capsys, f"--input={tmp_path}/one.npy", "--json=-", way, *arguments))
        far = json.loads(run(capsys, f"--input={tmp_path}/far.npy", "--json=-", way, *arguments))
        np.testing.assert_allclose(far["log_norm"], one["log_norm"], rtol=1e-12)
        assert far["rank"] == one["rank"] == 6
