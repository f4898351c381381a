"""Every statement has a check and every check a statement; dependencies first; the table of verdicts at the end."""

from pathlib import Path

import pytest

from isogap.verification import RegistryError, check_module, closure, judge, load
from isogap.verification.runner import comparisons_within_level

VERDICTS = pytest.StashKey[dict]()
STATEMENTS = pytest.StashKey[dict]()


def pytest_addoption(parser):
    parser.addoption("--verify-seed", type=int, default=0, help="seed of the Monte Carlo parts")


def pytest_configure(config):
    config.stash[VERDICTS] = {}
    try:
        config.stash[STATEMENTS] = load(Path(__file__).parent)
    except RegistryError as error:
        raise pytest.UsageError(f"registry of statements: {error}") from None


def pytest_collection_modifyitems(config, items):
    order = {statement.path: i for i, statement in enumerate(config.stash[STATEMENTS].values())}
    items.sort(key=lambda item: order.get(item.path, -1))


@pytest.fixture
def judgement(request):
    """Judge the statement of the test's own file; the verdict must be the registry's and every neighbour refuted.

    What it rests on is judged before it, unless that has happened in this run.
    """
    config = request.config
    statements, verdicts = config.stash[STATEMENTS], config.stash[VERDICTS]
    own = next(s for s in statements.values() if s.path == request.path)

    def run():
        for key in closure(statements, [own.key]):
            if key not in verdicts:
                module = request.module if key == own.key else check_module(statements[key])
                verdicts[key] = judge(
                    statements[key],
                    module.decide,
                    module.FALSE_NEIGHBOURS,
                    deep=config.getoption("--deep"),
                    seed=config.getoption("--verify-seed"),
                    before=verdicts,
                )
        verdict = verdicts[own.key]
        if verdict.missing:
            pytest.skip(verdict.message)
        assert verdict.kind == own.kind, f"{verdict.kind} instead of {own.kind}: {verdict.message}"
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
        by_hand = f"{len(v.arguments)}+{len(v.inherited)}"
        terminalreporter.line(
            f"{v.key:30} {v.kind:16} by hand {by_hand:6} held {v.held:5}  controls {refuted:5} margin {margin:9} "
            f"{v.seconds:6.2f} s"
        )
