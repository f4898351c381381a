"""Verdicts do not depend on how many processes judge, nor on which of them judged what."""

from dataclasses import replace

from isogap.verification import judge_all, load
from isogap.verification.parallel import _next

LABELS = ["chain/Lemma A.1", "chain/Corollary C.10", "chain/Theorem A1", "chain/E2"]


def timeless(verdicts):
    return [replace(v, seconds=0.0) for v in verdicts]


def test_two_processes_judge_the_same_bits_in_the_same_order_as_one():
    alone = judge_all(LABELS, processes=1)
    told = []
    together = judge_all(LABELS, processes=2, progress=lambda done, total, key: told.append((done, total)))
    assert timeless(together) == timeless(alone)
    assert all(v.passed for v in together)
    assert told[-1] == (len(alone), len(alone))
    assert [done for done, _ in told] == sorted(done for done, _ in told)


def test_a_process_takes_what_rests_on_what_it_has_judged():
    statements = load()
    waiting = {key: statements[key] for key in ("chain/Lemma A.1", "chain/Corollary 4", "chain/S1")}
    assert _next(waiting, {*waiting}, set()).key == "chain/Lemma A.1"
    assert _next(waiting, {*waiting}, {"chain/Theorem 3"}).key == "chain/Corollary 4"
    assert _next(waiting, {*waiting, "chain/E1"}, set()).key == "chain/Corollary 4"  # A.1 rests on E1
    assert _next(waiting, {*waiting, "chain/E1", "chain/Theorem 3", "chain/E5"}, set()) is None
