"""Every statement has a check and every check a statement; dependencies first; the table of verdicts at the end."""

import pytest

from isogap.verification import RegistryError, judge, load
from isogap.verification.runner import comparisons_within_level

VERDICTS = pytest.StashKey[dict]()


def pytest_addoption(parser):
    parser.addoption("--deep", action="store_true", help="check with all widths, all starts and long runs")
    parser.addoption("--verify-seed", type=int, default=0, help="seed of the Monte Carlo parts")


def pytest_configure(config):
    from pathlib import Path

    config.stash[VERDICTS] = {}
    try:
        config.statements = load(Path(__file__).parent / "chain")
    except RegistryError as error:
        raise pytest.UsageError(f"registry of statements: {error}") from None


def pytest_collection_modifyitems(config, items):
    order = {statement.file: i for i, statement in enumerate(config.statements.values())}
    items.sort(key=lambda item: order.get(item.path.name, -1))


@pytest.fixture
def judgement(request):
    """Judge the statement of the test's own file; the verdict must be the registry's and every neighbour refuted."""
    config = request.config
    statement = next(s for s in config.statements.values() if s.file == request.path.name)
    module = request.module

    def run():
        verdicts = config.stash[VERDICTS]
        verdict = judge(
            statement,
            module.decide,
            module.FALSE_NEIGHBOURS,
            deep=config.getoption("--deep"),
            seed=config.getoption("--verify-seed"),
            before=verdicts,
        )
        verdicts[statement.label] = verdict
        assert verdict.kind == statement.kind, f"{verdict.kind} instead of {statement.kind}: {verdict.message}"
        assert verdict.controls, "no false neighbour"
        for control in verdict.controls:
            assert control.refuted, f"false neighbour survived: {control.what} ({control.witness})"
        assert comparisons_within_level(verdicts.values())

    return run


def pytest_terminal_summary(terminalreporter, config):
    verdicts = config.stash[VERDICTS]
    if not verdicts:
        return
    terminalreporter.section("verdicts")
    for v in verdicts.values():
        margin = "" if v.margin is None else f"{v.margin.value:.3g}"
        refuted = f"{sum(c.refuted for c in v.controls)}/{len(v.controls)}"
        terminalreporter.line(
            f"{v.label:22} {v.kind:11} held {v.held:5}  controls {refuted:5} margin {margin:9} {v.seconds:6.2f} s"
        )
