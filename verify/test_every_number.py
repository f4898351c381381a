"""Every number and every inequality of every printed claim, changed alone, turns its check red; nothing is printed beside them.

A sample in an ordinary run, all of them with ``--deep``.
"""

import random
import re
import tomllib
from dataclasses import replace

import pytest

from isogap.verification import check_module, judge, load
from isogap.verification.claims import DEFINITIONS, flips, variations
from isogap.verification.mutate import as_registered
from isogap.verification.printed import loose
from isogap.verification.typeset import SYMBOLS

STATEMENTS = load()
ONE_TEXT: tuple[str, ...] = ("chain", "mean_field", "products", "residual", "weingarten")
"""Systems whose statements are printed from their claims alone."""
SAMPLE = 24


def changes(turn):
    """(key, which claim, what was done, the claims after it) for every change of every claim."""
    for s in STATEMENTS.values():
        if s.system in ONE_TEXT:
            for number, text in enumerate(s.claim):
                for what, changed in turn(text):
                    claim = (*s.claim[:number], changed, *s.claim[number + 1 :])
                    yield pytest.param(s.key, claim, id=f"{s.key}, claim {number + 1}: {what}")


NUMBERS, SIGNS = list(changes(variations)), list(changes(flips))
SAMPLED = {id(x) for x in random.Random(0).sample(NUMBERS, min(SAMPLE, len(NUMBERS)))}


def found(key, claim):
    """Verdict with changed claims, everything that the statement rests on being as registered."""
    s = STATEMENTS[key]
    module = check_module(s)
    return judge(replace(s, claim=claim), module.decide, {}, before=as_registered(s, STATEMENTS)).kind


@pytest.mark.parametrize(("key", "claim"), NUMBERS)
def test_a_changed_number_turns_the_check_red(key, claim, request):
    if not request.config.getoption("--deep") and request.node.callspec.id not in CHOSEN:
        pytest.skip("not in the sample; all of them with --deep")
    kind = found(key, claim)
    assert kind in {"refuted", "undecided"} - {STATEMENTS[key].kind}, kind


CHOSEN = {x.id for x in NUMBERS if id(x) in SAMPLED}


@pytest.mark.parametrize(("key", "claim"), SIGNS)
def test_a_turned_inequality_turns_the_check_red(key, claim):
    kind = found(key, claim)
    assert kind in {"refuted", "undecided"} - {STATEMENTS[key].kind}, kind


@pytest.mark.parametrize("key", [key for key, s in STATEMENTS.items() if s.system in ONE_TEXT])
def test_nothing_is_printed_beside_the_claims(key):
    s = STATEMENTS[key]
    assert s.claim or s.words, f"{key} has neither claims nor a reason why it has none"
    assert not loose(s.frame), f"{key} prints {loose(s.frame)} outside of its claims"


@pytest.mark.parametrize("changed", [new for text in DEFINITIONS.values() for _, new in variations(text)])
def test_a_changed_number_in_a_name_for_a_longer_text_turns_e5_red(changed, monkeypatch):
    monkeypatch.setitem(DEFINITIONS, "p2", changed)
    assert found("chain/E5", STATEMENTS["chain/E5"].claim) in {"refuted", "undecided"}


def test_names_carry_no_numbers_but_an_index_or_an_exponent():
    with (STATEMENTS["chain/E5"].where / "statements.toml").open("rb") as file:
        names = {**SYMBOLS, **tomllib.load(file)["symbols"]}
    for name, shown in names.items():
        bare = re.sub(r"#\d|\\mathbf\{1\}|[_^](\d|\{[^{}]*\}|\\[a-z]+)", "", shown)
        assert not loose(bare), f"{name} is printed as {shown}: write the number into the claim"


@pytest.mark.parametrize("system", [x for x in ONE_TEXT if x != "chain"])
def test_names_of_the_other_systems_carry_no_numbers_but_an_index(system):
    where = next(s.where for s in STATEMENTS.values() if s.system == system)
    with (where / "statements.toml").open("rb") as file:
        names = tomllib.load(file)["symbols"]
    for name, shown in names.items():
        found = re.findall(r"\d", re.sub(r"#\d|_(\d|\{[^{}]*\})", "", shown))
        assert not found, f"{name} is printed as {shown}: write {found} into the claim"
