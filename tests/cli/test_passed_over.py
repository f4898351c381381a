"""Nothing that a person types is passed over: an option that would do nothing is refused with its remedy, status 2."""

import importlib
import json

import pytest

MEASURED = "would be passed over: only measured networks need that; take --replicas 1 or more"
NO_LAW = "would be passed over: no law of this network depends on it; take --replicas 1 or more"
REFUSED = [
    ("mc", "--width 3 --depth 4 --checkpoint-seconds 5", "--checkpoint-seconds needs --checkpoint"),
    ("mc", "--width 3 --depth 4 --checkpoint c.npz", "give --seed"),
    ("mc", "--width 3 --depth 4 --width 5", "--width is given twice, as 3 and 5: say one"),
    ("mc", "--width 3 --depth 4 --input near-isometry", "near-isometry needs numbers behind a colon"),
    ("mc", "--width 3 --depth 4 --input gaussian:3", "gaussian takes nothing behind a colon"),
    (
        "mc",
        "--width 3 --depth 4 --samples-first",
        "--samples-first is of a table of samples, input 'gaussian' is none; leave it",
    ),
    ("mc", "--width 3 --depth 4 --map pca", "--map pca is of a table of samples"),
    ("mc", "--widths 4,3 --save a.npz", "--save does not go with --widths"),
    ("mc", "--width 3 --depth 4 --labels random", "need --gradients"),
    ("mean_field", "--replicas 0 --width 50", f"--width {MEASURED}"),
    ("mean_field", "--replicas 0 --depth 7 --width 50 --seed 3", f"--width and --depth {MEASURED}"),
    ("mean_field", "--batch inf --width 30", f"--width {MEASURED}"),
    ("mean_field", "--sweep gain --depth 5 --seed 1", f"--depth {MEASURED}"),
    ("mean_field", "--sweep batch:4,4", "'4,4' must be different values between commas"),
    ("mean_field", "--sweep batch:4 --batch 8", "leave --batch out"),
    ("mean_field", "--replicas 0 --weights orthogonal", "needs measured networks"),
    ("residual", "--depth 10 --kind norm-after-sum --width 50", f"--width {NO_LAW}"),
    ("residual", "--depth 10 --alpha 0.5 --width 50 --json a.json", f"--width {NO_LAW}"),
    ("residual", "--depth 10 --weights orthogonal --seed 3", f"--weights {MEASURED}"),
    ("residual", "--depth 10 --zero-weights --replicas 2 --width 9", "--zero-weights goes without --replicas"),
    ("products", "--factors 2 --size 3 --ambient 5", "for truncated weights only"),
    ("products", "--factors 2 --size 3 --sigma 1 --sigma 2", "--sigma is given twice, as 1.0 and 2.0"),
    ("variants", "--width 3 --depth 4 --gain 1 --gain 2,3", "--gain is given twice, as 1.0 and 2.0,3.0"),
    ("figures", "fig1 --scale quick --scale paper", "--scale is given twice"),
]


def call(name, line):
    try:
        return importlib.import_module(f"isogap.cli.{name}").main(line.split())
    except SystemExit as stop:
        return stop.code


@pytest.mark.parametrize(("name", "line", "said"), REFUSED)
def test_what_would_be_passed_over_is_refused(name, line, said, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert call(name, line) == 2
    output = capsys.readouterr()
    assert said in output.err
    assert (output.out, output.err.count("\n"), list(tmp_path.iterdir())) == ("", 1, [])


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("mc", "--width 3 --width 3 --depth 4 --replicas 5 --threads 1 --quiet"),
        ("products", "--factors 1 --size 2 --sigma nan"),
        ("residual", "--depth 5 --threads 1 --quiet"),
        ("mean_field", "--replicas 0 --batch 5 --threads 1 --quiet"),
    ],
)
def test_an_option_said_twice_alike_is_one_and_threads_are_at_most_so_many(name, line, capsys):
    status = call(name, line)
    assert "twice" not in capsys.readouterr().err
    assert status == (2 if "nan" in line else 0)


@pytest.mark.parametrize(("name", "line"), [("residual", "--depth 5"), ("mean_field", "--replicas 0 --batch 5")])
def test_theory_alone_takes_a_seed_and_threads_and_says_the_same(name, line, capsys):
    assert call(name, line) == 0
    plain = capsys.readouterr().out
    assert call(name, f"{line} --seed 3 --threads 2") == 0
    assert capsys.readouterr().out == plain


@pytest.mark.parametrize("kind", ["batch-norm", "unnormalised", "scaled", "skipinit"])
def test_the_width_enters_the_isometry_of_a_residual_network(kind, capsys):
    found = {}
    for width in (1, 2):
        assert call("residual", f"--depth 5 --kind {kind} --width {width} --json -") == 0
        data = json.loads(capsys.readouterr().out)
        assert data["chain"]["width"] == width
        found[width] = data["isometry_cost"]
    assert found[1] == 0 < found[2]


@pytest.mark.parametrize("option", ["--precision", "--checkpoint", "--input"])
def test_an_option_of_another_command_is_not_taken_for_a_slip_of_the_pen(option, capsys):
    assert call("products", f"--factors 2 --size 3 {option} x") == 2
    assert "did you mean" not in capsys.readouterr().err
