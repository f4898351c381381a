"""The long versions of two tests, by name: `python -m tests.weingarten.long_runs notation 20000 [SEED]`, or `brute-force`.

`notation`: random texts to the command; counts answers and refusals; any traceback, status, time over 5 s of processor
time or memory over 1 GB is a failure. `brute-force`: random products against quadratures and projectors.
"""

from __future__ import annotations

import contextlib
import io
import random
import resource
import sys
import time
from collections import Counter

SECONDS, KILOBYTES = 5, 1_000_000


def notation(count: int, seed: int) -> int:
    """Return the number of failures among random texts."""
    from tests.twins.notation_strings import strings
    from weingarten.cli import main

    seen: Counter[str] = Counter()
    failures, longest = 0, 0.0
    for text, group in strings(count, seed):
        begin = time.process_time()
        out, err = io.StringIO(), io.StringIO()
        try:
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
                status = str(main(["expect", text, "--group", group, "--quiet"]))
        except SystemExit as stop:
            status = str(stop.code)
        except Exception as error:  # a failure to be reported, whatever it is
            status = repr(error)
        seconds = time.process_time() - begin
        longest = max(longest, seconds)
        seen[status] += 1
        if status not in ("0", "2") or seconds > SECONDS or (not out.getvalue()) != (status == "2"):
            failures += 1
            print(f"{status} {seconds:.1f} s {group} {text!r}", flush=True)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(f"{count} texts: {dict(seen)}, longest {longest:.2f} s, {memory / 1e6:.2f} GB, {failures} failures")
    return failures + (memory > KILOBYTES)


def brute_force(count: int, seed: int) -> int:
    """Return the number of differences among random products."""
    from tests.twins.brute_force import agree, comparison

    rng, failures, zeros = random.Random(seed), 0, 0
    for _ in range(count):
        what, value, exact, scale = comparison(rng)
        zeros += abs(exact) <= 1e-12 * scale
        if not agree(value, exact, scale):
            failures += 1
            print(what, value, exact, flush=True)
    print(f"{count} comparisons, {zeros} of them zero, {failures} different")
    return failures


if __name__ == "__main__":
    runs = {"notation": notation, "brute-force": brute_force}
    sys.exit(bool(runs[sys.argv[1]](int(sys.argv[2]), int((sys.argv[3:] or ["1"])[0]))))
