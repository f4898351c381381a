"""``isogap-mc`` as a person uses it."""

import csv
import io
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from isogap import __version__, simulate
from isogap.cli import mc
from isogap.cli.output.chain import csv_table
from isogap.cli.output.chain_table import shown_layers, verdict
from isogap.run.results import ChainResult

ROOT = Path(__file__).parents[2]
SMALL = ["--width", "4", "--depth", "30", "--replicas", "200", "--seed", "1", "--threads", "1"]


def run(*arguments, **options):
    return subprocess.run(
        [sys.executable, "-m", "isogap.cli.mc", *map(str, arguments)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=120,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"},
        **options,
    )


def reject(constant):
    raise AssertionError(f"{constant} in the JSON")


def test_table(capsys):
    assert mc.main(SMALL) == 0
    out = capsys.readouterr().out
    for phrase in (
        "median φ",
        "Theorem 1",
        "best proved",
        "hold",
        "d/(d+2) = 0.66667",
        "energy law residual",
        "one-step law",
    ):
        assert phrase in out
    assert "VIOLATED" not in out
    table = [line for line in out.splitlines() if line.endswith(("bounds", "hold  ", "hold? ", "open  ", "open? "))]
    assert len(table) == 1 + len(shown_layers(30))
    assert max(map(len, table)) <= 110


def test_json_schema(tmp_path, capsys):
    assert mc.main([*SMALL, "--quiet", "--json", "-"]) == 0
    captured = capsys.readouterr()
    data = json.loads(captured.out, parse_constant=reject)
    assert captured.err == ""
    assert data["format"] == "isogap-run/1"
    assert data["parameters"] == {
        "width": 4, "batch": 4, "depth": 30, "replicas": 200, "seed": 1, "weights": "orthogonal", "input": "gaussian",
        "precision": "double",
    }  # fmt: skip
    for group, fields, length in (
        ("phi", ("mean", "stderr", "ess", "median", "q05", "q95"), 31),
        ("log_phi", ("mean", "stderr", "q05", "q95"), 31),
        ("log_jacobian", ("mean", "stderr"), 30),
        ("bounds", ("theorem_1", "sharp"), 31),
    ):
        for field in fields:
            assert len(data[group][field]) == length
            assert all(isinstance(v, float) for v in data[group][field])
    assert {"measured", "stderr", "asymptotic"} <= set(data["rate"])
    step = data["one_step"]
    assert len(step["layers"]) == len(step["residual_mean"]) == len(step["residual_stderr"]) == len(step["z"])
    assert data["energy_residual"] < 1e-9
    assert {"seconds", "compile_seconds", "microseconds_per_layer_replica"} <= set(data["timing"])
    assert data["provenance"]["versions"]["isogap"] == __version__
    assert data["degenerate"] is False


def test_all_outputs(tmp_path):
    names = {"--json": "r.json", "--csv": "r.csv", "--save": "r.npz", "--plot": "r.png"}
    arguments = [part for option, name in names.items() for part in (option, str(tmp_path / name))]
    assert mc.main([*SMALL, "--quiet", *arguments]) == 0
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted(names.values())
    result = ChainResult.load(tmp_path / "r.npz")
    assert json.loads((tmp_path / "r.json").read_text()) == result.to_dict()
    rows = list(csv.DictReader(io.StringIO((tmp_path / "r.csv").read_text())))
    assert len(rows) == 31
    assert float(rows[7]["phi_mean"]) == result.phi.mean[7]
    assert rows[30]["log_jacobian_mean"] == ""
    assert (tmp_path / "r.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("suffix", [".svg", ".pdf"])
def test_plot_formats_and_degenerate_plot(tmp_path, suffix):
    path = tmp_path / f"p{suffix}"
    assert mc.main([*SMALL, "--quiet", "--batch", "3", "--plot", str(path)]) == 0
    assert path.stat().st_size > 5000


def test_bits_in_two_processes_and_on_two_threads():
    base = ["--width", 5, "--depth", 50, "--replicas", 300, "--seed", 3, "--quiet", "--json", "-"]
    texts = []
    for threads in (1, 1, 2):
        done = run(*base, "--threads", threads)
        assert done.returncode == 0
        data = json.loads(done.stdout)
        del data["timing"], data["provenance"]["threads"]
        texts.append(json.dumps(data))
    assert texts[0] == texts[1] == texts[2]


def make_files(folder):
    (folder / "nan.csv").write_text("1,2\n3,nan\n")
    (folder / "words.csv").write_text("a,b\n")
    (folder / "empty.csv").write_text("")
    (folder / "blank.csv").write_text("\n\n")
    (folder / "ragged.csv").write_text("1,2\n3\n")
    (folder / "zero.csv").write_text("1,2,3\n0,0,0\n")
    (folder / "junk.npy").write_bytes(b"not numpy")
    (folder / "folder.npy").mkdir()
    np.save(folder / "inf.npy", np.array([[1.0, np.inf], [0.0, 1.0]]))
    np.save(folder / "cube.npy", np.ones((2, 2, 2)))
    np.save(folder / "complex.npy", np.ones((2, 2)) * 1j)
    np.save(folder / "object.npy", np.array([[{}, 1]], dtype=object), allow_pickle=True)
    np.save(folder / "three.npy", np.random.default_rng(0).standard_normal((2, 3)))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("--width 0 --depth 1", "--width: must be at least 1, got 0"),
        ("--width -3 --depth 1", "--width: must be at least 1, got -3"),
        ("--width 2 --depth -1", "--depth: must be at least 0, got -1"),
        ("--width two --depth 1", "'two' is not a whole number"),
        ("--depth 1", "--width"),
        ("--width 2 --depth 1 --replicas 0", "--replicas"),
        ("--width 2 --depth 1 --threads 0", "--threads"),
        ("--width 2 --depth 1 --seed -1", "--seed"),
        ("--width 2 --depth 1 --weights unitary", "must be one of orthogonal, gaussian"),
        ("--width 2 --depth 1 --input nan.csv", "nan.csv: row 2, column 2 is nan"),
        ("--width 2 --depth 1 --input inf.npy", "inf.npy: row 1, column 2 is inf"),
        ("--width 2 --depth 1 --input missing.npy", "missing.npy does not exist"),
        ("--width 2 --depth 1 --input words.csv", "words.csv: row 1, column 1 holds 'a', which is no number"),
        ("--width 2 --depth 1 --input ragged.csv", "ragged.csv: line 2 has 1 cells, 2 are expected"),
        ("--width 2 --depth 1 --input empty.csv", "is empty"),
        ("--width 2 --depth 1 --input blank.csv", "is empty"),
        ("--width 2 --depth 1 --input junk.npy", "cannot be read"),
        ("--width 2 --depth 1 --input folder.npy", "cannot be read"),
        ("--width 2 --depth 1 --input cube.npy", "must have 2 dimensions"),
        ("--width 2 --depth 1 --input complex.npy", "real numbers"),
        ("--width 2 --depth 1 --input object.npy", "cannot be read"),
        ("--width 2 --depth 1 --input zero.csv --features-first", "all-zero feature row (row 1)"),
        ("--width 2 --depth 1 --input three.npy --features-first --batch 4", "has 3 samples"),
        ("--width 2 --depth 1 --input spectrum:1,2,3", "2 numbers expected, got 3"),
        (
            "--width 2 --depth 1 --input spectrum",
            "spectrum needs numbers behind a colon: use gaussian, near-isometry:F, spectrum:l1,l2,..., digits",
        ),
        ("--width 2 --depth 1 --json nowhere/x.json", "does not exist"),
        ("--width 2 --depth 1 --json .", "is a folder"),
        ("--width 2 --depth 1 --plot x.gif", "must end in .png or .svg or .pdf"),
        ("--width 2 --depth 1 --save x.dat", "must end in .npz"),
        ("--width 2 --depth 1 --csv same --json same", "share the file name"),
        ("--width 2 --depth 1 --csv same --json ./same", "share the file name"),
        ("--width 2 --depth 1 --input zero.csv --csv ./zero.csv", "would overwrite the input"),
        ("--width 2 --depth 1 --csv -", "only --json writes to standard output"),
        ("--width 2 --depth 1 --replicas 1" + "0" * 400, "must be at most"),
    ],
)
def test_bad_input(arguments, message, tmp_path, monkeypatch, capsys):
    make_files(tmp_path)
    before = sorted(p.name for p in tmp_path.iterdir())
    monkeypatch.chdir(tmp_path)
    try:
        status = mc.main(arguments.split())
    except SystemExit as stop:
        status = stop.code
    captured = capsys.readouterr()
    assert status == 2
    assert captured.out == ""
    assert captured.err.startswith("isogap-mc: error: ")
    assert captured.err.count("\n") == 1
    assert message in captured.err
    assert sorted(p.name for p in tmp_path.iterdir()) == before


def test_repeated_sample_says_rank_and_infinite_gap(tmp_path, capsys):
    X = np.random.default_rng(1).standard_normal((3, 3))
    X[:, 2] = X[:, 0]
    np.savetxt(tmp_path / "x.csv", X, delimiter=",")
    assert (
        mc.main(["--width", "3", "--depth", "5", "--input", str(tmp_path / "x.csv"), "--seed", "1", "--features-first"])
        == 0
    )
    out = capsys.readouterr().out
    assert "rank 2 < width 3" in out
    assert "φ = ∞" in out


def test_digits(capsys):
    pytest.importorskip("sklearn")
    assert mc.main(["--width", "8", "--depth", "20", "--input", "digits", "--batch", "30", "--replicas", "50"]) == 0
    assert "input digits" in capsys.readouterr().out


def test_extremes_print_no_nan(capsys):
    for extra in (
        "--width 1 --depth 2 --replicas 1",
        "--width 2 --depth 900 --replicas 40",
        "--width 3 --depth 0 --replicas 2",
        "--width 4 --depth 20 --replicas 40 --input near-isometry:0",
        "--width 4 --depth 20 --replicas 40 --input near-isometry:1e-170",
        "--width 4 --depth 40 --replicas 40 --weights gaussian",
        "--width 3 --depth 9 --replicas 40 --batch 1",
    ):
        assert mc.main([*extra.split(), "--seed", "1", "--json", "-"]) == 0
        json.loads(capsys.readouterr().out, parse_constant=reject)
        assert mc.main([*extra.split(), "--seed", "1"]) == 0
        out = capsys.readouterr().out
        assert "nan" not in out
        assert "inf" not in out


STOPPED = """
import sys
from pathlib import Path
from isogap.cli import mc
from isogap.engine.chain import montecarlo
add = montecarlo.Outcome.add
def told(self, summary):
    add(self, summary)
    Path(sys.argv[1]).touch()
montecarlo.Outcome.add = told
sys.exit(mc.main(sys.argv[2:]))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="sends a POSIX signal")
def test_control_c(tmp_path):
    """In the middle: as soon as the first block has been merged."""
    begun, folder = tmp_path / "begun", tmp_path / "out"
    folder.mkdir()
    arguments = ["--width", "32", "--depth", "2000", "--replicas", "20000", "--json", str(folder / "run.json")]
    process = subprocess.Popen(
        [sys.executable, "-c", STOPPED, str(begun), *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        # A shell's background job, and so what it starts, ignores the signal.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    while not begun.exists() and process.poll() is None:
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    stdout, stderr = process.communicate(timeout=240)
    assert process.returncode == 130
    assert stderr.startswith("isogap-mc: stopped")
    assert stderr.count("\n") == 1
    assert stdout == ""
    assert list(folder.iterdir()) == []


def test_links_and_pipes_as_outputs(tmp_path):
    (tmp_path / "real.json").write_text("old")
    (tmp_path / "link.json").symlink_to("real.json")
    assert mc.main([*SMALL, "--quiet", "--json", str(tmp_path / "link.json"), "--csv", os.devnull]) == 0
    assert (tmp_path / "link.json").is_symlink()
    assert json.loads((tmp_path / "real.json").read_text())["format"] == "isogap-run/1"
    assert not Path(os.devnull).is_file()
    name = "x" * 240 + ".json"
    assert mc.main([*SMALL, "--quiet", "--json", str(tmp_path / name)]) == 0
    assert len(list(tmp_path.iterdir())) == 3


def test_reader_of_the_pipe_goes_away(tmp_path):
    command = [sys.executable, "-m", "isogap.cli.mc", *SMALL, "--json", "-", "--csv", str(tmp_path / "a.csv")]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT)
    process.stdout.close()
    assert process.stderr.read() == b""
    process.stderr.close()
    assert process.wait(timeout=60) == 0
    assert (tmp_path / "a.csv").exists()


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
def test_narrow_encodings(encoding):
    env = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": encoding}
    for arguments in (["--help"], SMALL):
        done = subprocess.run(
            [sys.executable, "-m", "isogap.cli.mc", *arguments], capture_output=True, cwd=ROOT, env=env, timeout=60
        )
        assert done.returncode == 0
        assert done.stderr == b""


def test_byte_order_mark_and_dollar_signs(tmp_path):
    path = tmp_path / "a$b$.csv"
    path.write_bytes(b"\xef\xbb\xbf1,2\n3,5\n")
    plot = tmp_path / "p.png"
    assert (
        mc.main([*SMALL[2:], "--width", "2", "--quiet", "--features-first", "--input", str(path), "--plot", str(plot)])
        == 0
    )
    assert plot.exists()


def test_help_and_version_import_nothing_heavy():
    code = (
        "import sys\nfrom isogap.cli import mc\n"
        "try: mc.main(['--help'])\nexcept SystemExit: pass\n"
        "heavy = {'numpy', 'scipy', 'numba', 'matplotlib', 'sympy', 'rich'} & set(sys.modules)\nassert not heavy, heavy"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, timeout=60)
    assert done.returncode == 0, done.stderr
    assert "--width" in done.stdout
    assert run("--version").stdout == f"isogap-mc {__version__}\n"


def test_failed_self_check_is_exit_status_1(monkeypatch, capsys):
    from isogap.run import chain as simulation

    good = simulation._step_law
    monkeypatch.setattr(simulation, "_step_law", lambda d, w: lambda states: 1.2 * good(d, w)(states))
    assert mc.main(["--width", "4", "--depth", "30", "--replicas", "5000", "--seed", "1"]) == 1
    assert "self-check failed: one-step law" in capsys.readouterr().err


def test_verdict():
    assert verdict(0.5, 0.1, 1000, 1000, (1.0, 0.9)) == "hold"
    assert verdict(0.5, 0.1, 20, 1000, (1.0, 0.9)) == "hold?"
    assert verdict(0.85, 0.1, 1000, 1000, (1.0, 0.9)) == "open"
    assert verdict(1.5, 0.1, 1000, 1000, (1.0, 0.9)) == "VIOLATED"
    assert verdict(1.0, 0.0, 1000, 1000, (1.0, 1.0)) == "hold"


def test_verdicts_on_few_replicas_are_at_students_standard_errors():
    """Of 2 replicas a mean is more than five standard errors above its expectation once in 16 runs."""
    assert verdict(1.5, 0.01, 2, 2, (1.0, 1.0)) == "open"
    assert verdict(1.5, 0.01, 2, 2, (9.0, 9.0)) == "hold"
    assert verdict(1.5, 1e-7, 2, 2, (1.0, 1.0)) == "VIOLATED"
    assert verdict(0.5, 0.01, 2, 2, (1.0, 0.9)) == "open"
    assert verdict(1.0, 0.0, 2, 2, (1.0, 1.0)) == "hold"
    assert verdict(1.5, np.nan, 1, 1, (1.0, 1.0)) == "open"


def test_few_replicas_violate_no_bound_that_is_proved():
    """Near isometry the least bound is the mean itself; five standard errors were passed in one run of three."""
    for seed in range(60):
        run = simulate(8, 60, replicas=2, input="near-isometry:1e-9", rng=seed)
        best = [(float(b), float(b)) for b in run.bounds.best]
        columns = (run.phi.mean, run.phi.stderr, run.phi.ess)
        assert "VIOLATED" not in [verdict(*map(float, row), 2, b) for *row, b in zip(*columns, best, strict=True)]


def test_shown_layers():
    assert shown_layers(3) == [0, 1, 2, 3]
    for depth in (10, 57, 1000, 123456):
        layers = shown_layers(depth)
        assert layers[0] == 0
        assert layers[-1] == depth
        assert 7 <= len(layers) <= 12


def test_csv_is_parseable_for_degenerate_runs():
    from isogap import simulate

    rows = list(csv.reader(io.StringIO(csv_table(simulate(3, 4, replicas=2, batch=2, rng=1)))))
    assert {len(row) for row in rows} == {len(rows[0])}
    assert rows[1][rows[0].index("phi_mean")] == ""


def test_one_replica_has_no_error_and_prints_none():
    shown = run("--width", 8, "--depth", 100, "--replicas", 1, "--seed", 1)
    assert shown.returncode == 0
    assert "E φ over it" in shown.stdout
    assert "nan" not in shown.stdout
