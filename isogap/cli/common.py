"""What the commands share: exit codes, error style, argument types, output files, progress."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import textwrap
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NoReturn

from isogap._version import __version__
from isogap.base.names import did_you_mean
from isogap.base.remedies import ONE_SAMPLE, on_command_line
from isogap.cli.completion import SHELLS, PrintCompletion
from isogap.cli.meanwhile import Meanwhile

if TYPE_CHECKING:
    from rich.progress import Progress as RichBar
    from rich.progress import TaskID


EXIT_OK = 0
EXIT_CHECK_FAILED = 1
EXIT_BAD_INPUT = 2
EXIT_INTERRUPTED = 130


class _Help(argparse.RawDescriptionHelpFormatter):
    """One line an option where it fits, in 80 columns at most."""

    def __init__(self, prog: str) -> None:
        columns = min(shutil.get_terminal_size().columns, 80)
        super().__init__(prog, max_help_position=27, width=columns - 1)


class Once(argparse._StoreAction):
    """Keep the value of an option; another value for the same one is refused, not put in its place."""

    def __call__(self, parser: Any, namespace: Any, values: Any, option_string: str | None = None) -> None:
        """Store the value, or end with the error."""
        if option_string is not None:
            first, second = parser.given.setdefault(self.dest, _shown(values)), _shown(values)
            if first != second:
                parser.error(f"{option_string} is given twice, as {first} and {second}: say one")
        super().__call__(parser, namespace, values, option_string)


def _shown(value: Any) -> str:
    return ",".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)


class Parser(argparse.ArgumentParser):
    """An argument parser whose help fits a screen, and whose errors are one line on standard error and exit status 2."""

    def __init__(self, prog: str, *, required: str = "", description: str, epilog: str) -> None:
        usage = " ".join(part for part in (prog, required, "[options]") if part)
        description = "\n".join(textwrap.wrap(description, 79))
        super().__init__(prog, usage, description, epilog, formatter_class=_Help)
        self.given: dict[str, str] = {}
        for action in (None, "store"):
            self.register("action", action, Once)
        self.add_argument(
            "-v", "--verbose", action="count", default=0, help="say on standard error what is done; -vv: all"
        )
        self.add_argument("--print-completion", action=PrintCompletion, choices=SHELLS, metavar="SHELL",
                          help=argparse.SUPPRESS)  # fmt: skip

    def parse_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Read the arguments; an option that is not known is named with the one that was meant. ``-v`` starts the log."""
        self._refuse_unknown(list(sys.argv[1:] if args is None else args))
        self.given = {}
        options = super().parse_args(args, namespace)
        if options.verbose or "isogap.base.log" in sys.modules:
            from isogap.base.log import show_log

            show_log(options.verbose)
        return options

    def _refuse_unknown(self, arguments: list[str]) -> None:
        """Name an option that is not known before anything is said to be missing."""
        known = list(self._option_string_actions)
        for argument in arguments:
            if argument == "--":
                return
            name = argument.partition("=")[0]
            if name.startswith("--") and " " not in argument and not any(o.startswith(name) for o in known):
                shown = [o for o, action in self._option_string_actions.items() if action.help != argparse.SUPPRESS]
                near = did_you_mean(name[2:], [option[2:] for option in shown if option[:2] == "--"], cutoff=0.7)
                self.error(f"no option {name}{near.replace('mean ', 'mean --')}")

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        """Refuse a value that is none of the choices, and say which one was meant."""
        if action.choices is not None and value not in action.choices:
            names = [str(choice) for choice in action.choices]
            where = "/".join(action.option_strings) or action.metavar or action.dest
            self.error(f"{where} must be one of {', '.join(names)}, got {value!r}{did_you_mean(value, names)}")

    def error(self, message: str) -> NoReturn:
        """Print ``message`` without the usage block and exit with status 2."""
        self.exit(EXIT_BAD_INPUT, f"{self.prog}: error: {message} (see {self.prog} --help)\n")


def whole(minimum: int, maximum: int | None = 10**9) -> Any:
    """Return an argument type: a whole number from ``minimum`` to ``maximum``."""

    def parse(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            raise argparse.ArgumentTypeError(f"{text!r} is not a whole number") from None
        if value < minimum:
            raise argparse.ArgumentTypeError(f"must be at least {minimum}, got {value}")
        if maximum is not None and value > maximum:
            raise argparse.ArgumentTypeError(f"must be at most {maximum}")
        return value

    return parse


def centred_samples(text: str) -> int:
    """Argument type: a number of samples that can be centred, at least 2."""
    if text.strip() == "1":
        raise argparse.ArgumentTypeError(f"must be at least 2, got 1: {ONE_SAMPLE}")
    return int(whole(2)(text))


def seconds(text: str) -> float:
    """Argument type: a number of seconds, 0 or more."""
    try:
        value = float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number") from None
    if not 0.0 <= value < float("inf"):
        raise argparse.ArgumentTypeError(f"must be 0 or more, got {text}")
    return value


def fail(program: str, message: str) -> int:
    """Print one line to standard error and return the exit status for bad input."""
    complain(f"{program}: error: {' '.join(message.split())}")
    return EXIT_BAD_INPUT


def complain(line: str) -> None:
    """Print a line to standard error; where that is closed, nowhere: never to standard output."""
    if sys.stderr is not None:
        with suppress(OSError):
            print(line, file=sys.stderr)


def command(program: str, run: Callable[[], int], left: Callable[[], str] = lambda: "no file was written") -> int:
    """Do the work of a command: errors are one line and status 2, Ctrl-C says what is ``left`` and is status 130."""
    try:
        return run()
    except KeyboardInterrupt as stop:
        complain(f"{program}: {str(stop) or 'stopped'}; {left()}")
        return EXIT_INTERRUPTED
    except BrokenPipeError:  # who read the output has gone
        sys.stdout = None
        return EXIT_OK
    except (ValueError, TypeError, OSError, MemoryError, ArithmeticError, ImportError) as error:
        return fail(program, on_command_line(error) or type(error).__name__)


def add_common(p: Parser) -> None:
    """Add the options that every command which runs something has."""
    p.add_argument("--seed", type=whole(0, None), metavar="S", help="for a repeatable run (default: fresh, and shown)")
    p.add_argument("--threads", type=whole(1), metavar="T", help="default: all processors; same numbers for any T")
    p.add_argument("--json", metavar="FILE", help="write the run as JSON; - for standard output")
    p.add_argument("--quiet", action="store_true", help="no progress bar, no table")
    p.add_argument("--version", action="version", version=f"{p.prog} {__version__}", help="show it and stop")


def prepare_streams() -> None:
    """Print what the terminal's encoding lacks as ``?`` instead of failing."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="replace")


def write_stdout(text: str) -> None:
    """Write to standard output; a reader who has gone, or a closed stream, is not an error."""
    if sys.stdout is None:
        return
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        # Keep the interpreter from flushing into the closed pipe at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


class BarProgress:
    """A progress bar on standard error that vanishes when the work is done; silent if that is not a terminal.

    ``after`` names modules that will be needed when the work is done: they are loaded from its start on.
    """

    def __init__(self, description: str, enabled: bool = True, after: Sequence[str] = ()) -> None:
        self._meanwhile = Meanwhile(after)
        self._description = description
        self._enabled = enabled and sys.stderr is not None and sys.stderr.isatty()
        self._quiet = not enabled
        self._bar: RichBar | None = None
        self._task: TaskID | None = None

    def __enter__(self) -> BarProgress:
        from isogap.engine.kernels.compiling import listeners

        listeners.append(self.say)
        if self._enabled:
            from rich import progress
            from rich.console import Console

            self._bar = progress.Progress(
                progress.TextColumn("{task.description}"),
                progress.BarColumn(),
                progress.TaskProgressColumn(),
                progress.TimeRemainingColumn(),
                console=Console(stderr=True),
                transient=True,
            )
            self._bar.start()
            self._task = self._bar.add_task("starting", total=None)
        return self

    def __exit__(self, *_: object) -> None:
        from isogap.engine.kernels.compiling import listeners

        listeners.remove(self.say)
        self._meanwhile.end()
        if self._bar is not None:
            self._bar.stop()

    def say(self, what: str) -> None:
        """Tell, once, of work that takes seconds before the first number comes: the compiling of kernels."""
        if not self._quiet:
            complain(what)
            self._quiet = True

    def start(self, total: int) -> None:
        """Begin to count towards ``total``."""
        self._meanwhile.begin()
        if self._bar is not None and self._task is not None:
            self._bar.reset(self._task, total=max(total, 1), description=self._description)

    def update(self, done: int) -> None:
        """Show that ``done`` of the total is finished."""
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, completed=done)
