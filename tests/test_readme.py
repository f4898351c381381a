"""What README prints can be run, and answers as printed; it is short."""

import contextlib
import doctest
import io
import re
import shlex
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "README.md").read_text(encoding="utf-8")
PROGRAMS = {
    "isogap-mc": "isogap.cli.mc",
    "isogap-variants": "isogap.cli.variants",
    "isogap-verify": "isogap.cli.verify",
    "weingarten": "weingarten.cli",
}


def blocks(kind):
    return re.findall(rf"^```{kind}\n(.*?)^```", TEXT, re.M | re.S)


def same(wanted, got):
    """As printed, ``...`` for anything, spaces as they come."""
    flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    return doctest.OutputChecker().check_output(wanted, got, flags)


def test_readme_is_three_screens_long():
    assert len(TEXT.split("\n")) <= 130


@pytest.mark.parametrize("source", [b for b in blocks("python") if b.startswith(">>>")])
def test_its_examples_run(source):
    failures = []
    runner = doctest.DocTestRunner(verbose=False)
    runner.run(doctest.DocTestParser().get_doctest(source, {}, "README", "README.md", 0), out=failures.append)
    assert not failures, "".join(failures)


@pytest.mark.parametrize("block", blocks("console"), ids=lambda b: b.split()[1])
def test_its_commands_answer_as_printed(block):
    command, _, wanted = block.partition("\n")
    program, *arguments = shlex.split(command.removeprefix("$ "))
    out = io.StringIO()
    main = __import__(PROGRAMS[program], fromlist=["main"]).main
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(io.StringIO()):
        try:
            status = main(arguments)
        except SystemExit as stop:
            status = stop.code
    assert not status
    assert same(wanted, out.getvalue()), out.getvalue()


def test_the_numbers_that_tell_a_right_installation_are_printed_and_are_those_of_the_exact_laws():
    from isogap.base.streams import input_generator, seed_sequence
    from isogap.batch.start import make_start
    from isogap.theory.exact import exact_step

    text = " ".join(TEXT.split())
    line = re.search(
        r"With `--seed (\d+)` rows (\d+) and (\d+) begin `([^`]+)` and `([^`]+)`.*?: (\S+) \(.*?\) and (\S+) \(", text
    )
    seed, first, last = map(int, line.groups()[:3])
    command = re.search(r"bin/isogap-mc (.*)", blocks("bash")[0])[1].split()
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        assert __import__(PROGRAMS["isogap-mc"], fromlist=["main"]).main([*command, "--seed", str(seed)]) == 0
    for layer, shown in ((first, line[4]), (last, line[5])):
        assert re.search(rf"^ *{layer}  {re.escape(shown)} ", out.getvalue(), re.M)
    width, depth = int(command[1]), int(command[3])
    start = make_start("gaussian", width, None, input_generator(seed_sequence(seed)))
    lam = np.linalg.eigvalsh(start.factor @ start.factor.T)
    assert (first, last) == (1, depth)
    assert line[6] == f"{start.phi0 + exact_step(lam).value:.5f}"
    assert line[7] == f"{(width / (width + 2)) ** depth * np.sum(1 / lam - 1) / (2 * width):.3e}"
    for shown, exact in ((line[4], line[6]), (line[5], line[7])):
        mean, error = map(float, shown.split(" ± "))
        assert abs(mean - float(exact)) < 3 * error  # of this seed, for good


def test_its_example_for_torch_answers_as_printed():
    pytest.importorskip("torch")
    (source,) = [b for b in blocks("python") if not b.startswith(">>>")]
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(compile(source, "README.md", "exec"), {"__name__": "readme"})
    (wanted,) = blocks("text")
    # float32 on another processor: the last digits may differ
    rough = [re.sub(r"\d[\d.]*", "0", text) for text in (wanted, out.getvalue())]
    assert same(*rough), out.getvalue()
    assert re.search(r"gradients grow 1\.2\d+-fold a layer", out.getvalue())


def test_its_two_set_up_commands_stand_where_continuous_integration_looks_for_them():
    first, second = blocks("bash")
    assert first.startswith("python3 -m venv .venv && .venv/bin/pip install . && .venv/bin/isogap-mc ")
    assert "<!-- test command: .ci/run runs this line as it stands -->\n```bash\n" + second in TEXT
    assert second.startswith("python3 -m venv .venv-test ")


def test_its_links_lead_somewhere():
    targets = re.findall(r"\]\((?!https?://)([^)#\s]+)", TEXT) + re.findall(r'<img src="([^"]+)"', TEXT)
    assert len(targets) >= 15
    for target in targets:
        assert (ROOT / target).exists(), target


def test_its_pictures_say_what_is_seen():
    from isogap.figures.seen import SEEN

    said = dict(re.findall(r'<img src="gallery/(\w+)\.png" width="49%" alt="([^"]*)">', TEXT))
    assert said == {name: SEEN[name] for name in ("question", "gap")}
