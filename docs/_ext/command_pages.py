"""A page a command, made of its parser: what it is for, its options, examples; and the list of them."""

from __future__ import annotations

import argparse
import importlib
import re
import textwrap
from pathlib import Path
from typing import Any

from statement_pages import _update

_WIDTH = 88  # of a line of usage, in letters


def parsers() -> dict[str, argparse.ArgumentParser]:
    """Parser of every command by the command's name, those of ``weingarten`` with its subcommands."""
    from isogap.cli.main import COMMANDS
    from weingarten.cli import build_parser

    found: dict[str, argparse.ArgumentParser] = {}
    for name, (module, _) in COMMANDS.items():
        found[f"isogap-{name}"] = importlib.import_module(module).parser()
    weingarten = build_parser()
    found["weingarten"] = weingarten
    for action in weingarten._actions:
        if isinstance(action, argparse._SubParsersAction):
            found |= {f"weingarten {name}": parser for name, parser in action.choices.items()}
    return found


def page(name: str, parser: argparse.ArgumentParser) -> str:
    """Text of a page."""
    usage = " ".join(parser.format_usage().removeprefix("usage: ").split())
    whole = re.sub(r"\[[^\[\]]*\]", lambda option: option[0].replace(" ", "\0"), usage)  # an option stays on its line
    usage = textwrap.fill(whole, _WIDTH, subsequent_indent="    ", break_on_hyphens=False).replace("\0", " ")
    parts = [f"# {name}", _prose(parser.description), f"```text\n{usage}\n```"]
    parts += [_commands(name, action) for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    rows = [row for action in parser._actions if (row := _row(parser, action))]
    if rows:
        parts.append("\n".join(["| option | meaning |", "|---|---|", *rows]))
    if parser.epilog:
        parts.append(f"```text\n{parser.epilog.strip()}\n```")
    return "\n\n".join(part for part in parts if part) + "\n"


def _commands(name: str, action: Any) -> str:
    """What a command of several consists of, each with the way to its page."""
    rows = [
        f"| [`{name} {one.dest}`]({name}-{one.dest}.md) | {_prose(one.help)} |"
        for one in action._choices_actions
        if one.help
    ]
    return "\n".join(["| command | what it computes |", "|---|---|", *rows])


def _prose(text: str | None) -> str:
    return " ".join((text or "").split()).replace("|", "\\|")


def _row(parser: argparse.ArgumentParser, action: argparse.Action) -> str:
    """A row of the table; nothing for what is hidden and for the list of subcommands."""
    if action.help is argparse.SUPPRESS or isinstance(action, argparse._SubParsersAction):
        return ""
    value = "" if action.nargs == 0 else f" {action.metavar or action.dest.upper()}"
    name = ", ".join(f"{option}{value}" for option in action.option_strings) or str(action.metavar or action.dest)
    help_ = parser._get_formatter()._expand_help(action) if action.help else ""
    needed = "; required" if action.required and action.option_strings else ""
    text = re.sub(r"([*_<>$`\[\]])", r"\\\1", _prose(help_))
    return f"| `{name.strip()}` | {text}{needed} |".replace("||", "\\|\\|")


def write(app: Any) -> None:
    """Write ``_generated/commands/*.md``."""
    target = Path(app.srcdir) / "_generated" / "commands"
    target.mkdir(parents=True, exist_ok=True)
    found = {name.replace(" ", "-"): page(name, parser) for name, parser in parsers().items()}
    for stem, text in found.items():
        _update(target / f"{stem}.md", text)
    for old in target.glob("*.md"):
        if old.stem not in found:
            old.unlink()


def setup(app: Any) -> dict[str, bool]:
    """Write before the sources are read."""
    app.connect("builder-inited", write)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
