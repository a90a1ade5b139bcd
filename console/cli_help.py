"""命令: help pages in Chinese and stored texts, wrapped by terminal columns: a Chinese character
takes two, and may end a line.
"""

from __future__ import annotations

import json
import re
import shutil
import unicodedata
from collections.abc import Iterator, Mapping, Sequence

from typer import _click as click  # typer carries its own click
from typer._click.formatting import HelpFormatter

TITLES = {"Arguments": "参数", "Options": "选项", "Commands": "命令"}
NOTES = {
    "required": "必填",
    "default: ": "缺省：",
    "env var: ": "环境变量：",
    "Show this message and exit.": "显示这份说明",
}
KINDS = {
    "[OPTIONS]": "[选项]",
    "COMMAND [ARGS]...": "命令 [参数]…",
    "<str>": "<文字>",
    "<path>": "<路径>",
    "<int>": "<整数>",
    "<int range>": "<整数>",
    "<list[str]>": "<文字>…",
    "<list[Path]>": "<路径>…",
}
"""What a value is, as typer calls it."""

MOST = 100
LEFT_MOST = 30
_SPELT = ("Cc", "Cf", "Zl", "Zp", "Cs")
_JOINER = "\u200d"  # between the parts of an emoji
_WORD = re.compile(r"[“（《【]*(?:[!-~]+|.)[，。；：！？、）”》】]*", re.DOTALL)


class Help(HelpFormatter):
    """The formatter of every help page."""

    def __init__(self, **_: object) -> None:
        # Wide for typer, which counts characters and would cut short what fits; we wrap ourselves.
        super().__init__(width=400)
        self.columns = room()

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        self.write(f"{prefix or '用法：'}{prog} {_said(args, KINDS)}\n")

    def write_heading(self, heading: str) -> None:
        self.write(f"{TITLES.get(heading, heading)}：\n")

    def write_text(self, text: str) -> None:
        indent = " " * self.current_indent
        paragraphs = [" ".join(part.split("\n")) for part in text.strip().split("\n\n")]
        lines = [line for part in paragraphs for line in wrapped(part, self.columns - len(indent))]
        self.write("".join(f"{indent}{line}\n" for line in lines))

    def write_dl(
        self, rows: Sequence[tuple[str, str]], col_max: int = LEFT_MOST, col_spacing: int = 2
    ) -> None:
        rows = [(_said(first, KINDS), _said(second, NOTES)) for first, second in rows]
        left = min(max(width(first) for first, _ in rows), col_max) + col_spacing
        indent = " " * (self.current_indent + left)
        for first, second in rows:
            lines = list(wrapped(second, self.columns - len(indent))) or [""]
            gap = " " * max(col_spacing, left - width(first))
            if width(first) + col_spacing > left:
                gap = "\n" + indent
            self.write(f"{' ' * self.current_indent}{first}{gap}{lines[0]}".rstrip() + "\n")
            self.write("".join(f"{indent}{line}\n" for line in lines[1:]))


def _said(text: str, words: Mapping[str, str]) -> str:
    for english, chinese in words.items():
        text = text.replace(english, chinese)
    return text


def room() -> int:
    """Columns a line may take: the terminal's less a margin, never more than a page is wide."""
    return max(50, min(shutil.get_terminal_size().columns, MOST) - 2)


def lines_shown(text: str) -> list[str]:
    """Stored text as lines for a terminal: what would move its cursor or turn its direction, or is
    not to be seen, is spelt out as JSON does.
    """
    return [_spelt(line.replace("\t", " ")) for line in text.splitlines()]


def line_shown(text: str) -> str:
    """The same as one line."""
    return " ".join(lines_shown(text))


def _spelt(line: str) -> str:
    if line.isprintable():
        return line
    return "".join(
        json.dumps(c)[1:-1] if c != _JOINER and unicodedata.category(c) in _SPELT else c
        for c in line
    )


def hanging(begin: str, text: str) -> Iterator[str]:
    """The text after its beginning; what a line does not hold stands below it, indented, and the
    text's own further lines still further in.
    """
    indent = width(begin)
    own, *further = lines_shown(text) or [""]
    first, *rest = list(wrapped(own, room() - indent)) or [""]
    yield f"{begin}{first}".rstrip()
    yield from (" " * indent + line for line in rest)
    indent += 2
    for told in further:
        yield from (" " * indent + line for line in wrapped(told, room() - indent))


def width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def wrapped(text: str, most: int) -> Iterator[str]:
    """Lines of at most so many columns; Latin words stay whole, no line opens with a closing mark
    or closes with an opening one.
    """
    line = ""
    for word in _WORD.findall(text):
        if line and width(line) + width(word) > most:
            yield line.rstrip()
            line = ""
        line += word if line or word != " " else ""
    if line.strip():
        yield line.rstrip()


def plain(command: click.Command) -> None:
    """Gives a command and its sub-commands these pages: typer's own take half a second to load."""
    command.context_class.formatter_class = Help
    command.rich_markup_mode = None  # type: ignore[attr-defined]
    for below in getattr(command, "commands", {}).values():
        plain(below)
