"""演示：where the acts are told: a terminal, or plain lines where nobody looks."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.text import Text

from console.cli_help import width as columns
from console.demo.build import Built, Taken
from console.demo.generator import FIRST

NUMBERS = "一二三四五六七八"
_READABLE = 100
_PLAIN_WIDTH = 100
_WIDE = 190


class Stage:
    """Prints what is told; pauses for the reader where a terminal shows it, but not if fast."""

    def __init__(self, console: Console, fast: bool) -> None:
        self.console = console
        self.live = console.is_terminal
        self.hurried = fast or not self.live

    @classmethod
    def here(cls, fast: bool) -> Stage:
        """The process's own standard output."""
        console = Console(highlight=False)
        if not console.is_terminal:
            console = Console(highlight=False, width=_PLAIN_WIDTH)
        return cls(console, fast)

    @property
    def wide(self) -> bool:
        """Whether Annex 3's five months fit side by side."""
        return self.console.width >= _WIDE

    def act(self, number: int, title: str) -> None:
        """A new act's heading."""
        self.console.print()
        self.console.print(Text(f"{NUMBERS[number - 1]}、{title}", style="bold cyan"))
        self.console.print()
        self.pause(0.6)

    def say(self, text: str = "", style: str = "", pause: float = 0.0) -> None:
        """A paragraph, no wider than one can read."""
        for line in wrapped(text, min(self.console.width, _READABLE)):
            self.console.print(Text(line, style=style))
        self.pause(pause)

    def line(self, *parts: tuple[str, str] | str | Text, pause: float = 0.0) -> None:
        """One line of (text, style), cut where the terminal ends."""
        self.console.print(Text.assemble(*parts), no_wrap=True, overflow="ellipsis")
        self.pause(pause)

    def proof(self, text: str, holds: bool = True) -> None:
        """What was compared, and whether it came out equal."""
        mark, style = ("✓", "bold green") if holds else ("✗", "bold red")
        self.console.print(Text(f"{mark} {text}", style=style))

    def pause(self, seconds: float) -> None:
        """Time to read."""
        if not self.hurried:
            time.sleep(seconds)


def wrapped(text: str, width: int) -> list[str]:
    """Lines of so many columns, broken as Chinese is: anywhere but before a closing mark."""
    lines = [""]
    for piece in _PIECES.findall(text):
        if columns(lines[-1] + piece) > width and piece not in _CLOSING:
            lines.append("")
        lines[-1] += piece if lines[-1] or len(lines) == 1 else piece.lstrip(" ")
    return [line.rstrip() for line in lines]


_PIECES = re.compile(r"[!-~]+|.")
_CLOSING = frozenset("，。；：！？、）”》】")


class Footlights:
    """The bars under the first acts: how far the taking in has come; plain lines elsewhere."""

    def __init__(self, stage: Stage, rows: int, complaints: int) -> None:
        self._stage, self._month = stage, 0
        self.taken = Taken(FIRST)
        self._bars = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=30),
            TextColumn("{task.completed:>9,.0f} / {task.total:,.0f}"),
            TextColumn("{task.fields[note]}"),
            TimeElapsedColumn(),
            console=stage.console,
            disable=not stage.live,
            transient=True,
        )
        self._rows = self._bars.add_task("办件、评价", total=rows, note="")
        self._bad = self._bars.add_task("差评　　　", total=complaints, note="")

    def hear(self, news: Taken | Built) -> None:
        """What the building process tells."""
        if isinstance(news, Taken):
            self.taken = news
            self._bars.update(self._rows, completed=news.rows, note=f"{news.day:%m-%d}")
            self._bars.update(self._bad, completed=news.complaints, note="已归集")
            self._plainly(news)

    def _plainly(self, taken: Taken) -> None:
        if not self._stage.live and taken.day.month != self._month:
            self._month = taken.day.month
            self._stage.say(f"  正在归集 {self._month} 月 …… 已收 {taken.rows:,} 行")

    @contextmanager
    def lit(self) -> Iterator[None]:
        """Shown until this ends."""
        with self._bars:
            yield
