"""Modules are loaded while a run is under way; what fails is left to the place that needs it; nothing is left changed."""

import subprocess
import sys

import pytest

from isogap.cli.common import BarProgress
from isogap.cli.meanwhile import Meanwhile


@pytest.fixture
def unloaded(monkeypatch):
    monkeypatch.delitem(sys.modules, "colorsys", raising=False)
    return "colorsys"


def test_modules_are_loaded_from_the_start_of_the_work_to_its_end(unloaded):
    before = sys.getswitchinterval()
    with BarProgress("work", enabled=False, after=["no.such.module", unloaded]) as progress:
        assert unloaded not in sys.modules  # nothing before the work has begun
        progress.start(3)
        progress.start(3)
    assert unloaded in sys.modules
    assert sys.getswitchinterval() == before


def test_two_at_a_time_leave_nothing_changed():
    before, both = sys.getswitchinterval(), [Meanwhile(["no.such.module"]) for _ in range(2)]
    for one in both:
        one.begin()
    for one in both:  # the first to begin is the first to end
        assert sys.getswitchinterval() < before
        one.end()
    assert sys.getswitchinterval() == before


def test_what_is_loaded_starts_no_thread(monkeypatch):
    monkeypatch.setattr("threading.Thread", None)
    meanwhile = Meanwhile(["sys", "isogap"])
    meanwhile.begin()
    meanwhile.end()


def test_an_interrupted_command_ends_with_its_thread(tmp_path):
    """The switch and the thread go with the work, whatever ends it."""
    code = (
        "import sys, threading\n"
        "from isogap.cli.common import BarProgress\n"
        "before = sys.getswitchinterval()\n"
        "try:\n"
        "    with BarProgress('work', False, after=['scipy.special']) as progress:\n"
        "        progress.start(1)\n"
        "        raise KeyboardInterrupt\n"
        "except KeyboardInterrupt:\n"
        "    print(threading.active_count(), sys.getswitchinterval() == before, 'scipy.special' in sys.modules)\n"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert run.stdout.split() == ["1", "True", "True"], run.stderr


def test_libraries_are_not_looked_for_while_modules_load():
    """Each waits for what the other holds, the system's loader and the interpreter: a command stood still for ever."""
    code = (
        "import sys\n"
        "from isogap.base import threads\n"
        "from isogap.cli.meanwhile import Meanwhile\n"
        "meanwhile = Meanwhile(['scipy.special', 'scipy.linalg', 'scipy.sparse.linalg', 'scipy.stats'])\n"
        "meanwhile.begin()\n"
        "while 'scipy.stats' not in sys.modules:\n"
        "    threads._libraries.cache_clear()\n"
        "    with threads.one_blas_thread():\n"
        "        pass\n"
        "meanwhile.end()\n"
    )
    for _ in range(3):
        subprocess.run([sys.executable, "-c", code], check=True, timeout=120)


def test_a_search_for_libraries_waits_for_a_module(unloaded):
    import threading

    from isogap.base import threads

    found = threading.Event()

    def look():
        threads._libraries.cache_clear()
        with threads.one_blas_thread():
            found.set()

    with threads.loading_modules():
        seeker = threading.Thread(target=look)
        seeker.start()
        assert not found.wait(0.2)
    assert found.wait(20)
    seeker.join()
