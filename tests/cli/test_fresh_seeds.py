"""Without --seed a command draws one and shows it: short, and given back as --seed it repeats the run to the last bit."""

import json
import re

import pytest

from isogap.cli import mc, mean_field, products, residual, variants

COMMANDS = {
    "mc": (mc, "--width 6 --depth 8 --replicas 9"),
    "mc gradients": (mc, "--width 6 --depth 8 --replicas 9 --gradients"),
    "mc widths": (mc, "--widths 8,6,4 --replicas 9"),
    "mc of small rank": (mc, "--width 6 --depth 4 --batch 3 --replicas 9"),
    "variants": (variants, "--width 6 --depth 5 --replicas 3"),
    "variants side by side": (variants, "--width 6 --depth 5 --replicas 3 --weights orthogonal,gaussian"),
    "mean field": (mean_field, "--batch 8 --width 20 --depth 4 --replicas 3"),
    "residual": (residual, "--depth 4 --width 20 --replicas 3"),
    "products": (products, "--factors 3 --size 10 --replicas 4"),
}
TIMES = re.compile(r"seconds|time|microseconds")


def record(tool, line: list[str], capsys: pytest.CaptureFixture[str]):
    """Return the run as JSON, without its times."""
    assert tool.main([*line, "--json", "-", "--quiet"]) == 0
    return _timeless(json.loads(capsys.readouterr().out))


def _timeless(value):
    if isinstance(value, dict):
        return {key: _timeless(part) for key, part in value.items() if not TIMES.search(key)}
    return [_timeless(part) for part in value] if isinstance(value, list) else value


def seeds_in(value) -> set:
    """Return every seed that a record holds."""
    if isinstance(value, list):
        return {seed for part in value for seed in seeds_in(part)}
    if not isinstance(value, dict):
        return set()
    own = {part for key, part in value.items() if key in ("seed", "seed_entropy") and isinstance(part, int)}
    return own | {seed for part in value.values() for seed in seeds_in(part)}


@pytest.mark.parametrize("name", COMMANDS)
def test_the_seed_that_is_shown_repeats_the_run_bit_for_bit(name, capsys):
    tool, line = COMMANDS[name][0], COMMANDS[name][1].split()
    drawn = record(tool, line, capsys)
    (seed,) = seeds_in(drawn)
    assert seed < 2**53  # 16 digits, exact for every reader of JSON
    assert record(tool, [*line, "--seed", str(seed)], capsys) == drawn
    assert record(tool, line, capsys) != drawn


@pytest.mark.parametrize("name", COMMANDS)
def test_the_report_shows_the_seed_that_it_drew(name, capsys):
    tool, line = COMMANDS[name][0], COMMANDS[name][1].split()
    assert tool.main(line) == 0
    assert re.search(r"\bseed \d{1,16}\b", capsys.readouterr().out)
