"""Shell completion: a script that completes the options of a command, made by shtab."""

from __future__ import annotations

import argparse
import sys
from typing import Any

SHELLS = ("bash", "zsh", "tcsh")
_FILES, _FOLDERS = ("FILE", "WHAT"), ("DIR",)


class PrintCompletion(argparse.Action):
    """``--print-completion SHELL``: print a script for the shell and stop; the word of a command is completed by it."""

    def __call__(self, parser: argparse.ArgumentParser, namespace: Any, values: Any, option_string: Any = None) -> None:
        """Print the script of this parser, made by shtab."""
        try:
            import shtab
        except ImportError:
            parser.error('completion needs shtab: pip install "isogap[completion]"')
        _mark_files(parser, shtab)
        sys.stdout.write(shtab.complete(parser, shell=values))
        parser.exit()


def _mark_files(parser: argparse.ArgumentParser, shtab: Any) -> None:
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for below in action.choices.values():
                _mark_files(below, shtab)
        elif action.choices is None and action.metavar in _FILES + _FOLDERS:
            kind = shtab.DIRECTORY if action.metavar in _FOLDERS else shtab.FILE
            action.complete = kind  # type: ignore[attr-defined]  # how shtab wants to be told
