"""演示：where the acts are told: a terminal, or plain lines where nobody looks."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.text import Text

from console.cli_help import width, wrapped
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

    def say(self, text: str = "", style: str = "", pause: float = 0.0, lead: str = "") -> None:
        """A paragraph, no wider than one can read; `lead` opens it, and its lines hang from it."""
        most = min(self.console.width, _READABLE) - width(lead)
        for line in list(wrapped(text, most)) or [""]:
            self.console.print(Text(lead + line, style=style))
            lead = " " * width(lead)
        self.pause(pause)

    def command(self, text: str, meaning: str = "") -> None:
        """A command to be copied: never cut, never broken; what it is for stands above it."""
        if meaning:
            self.console.print(Text(f"  {meaning}", style="dim"))
        self.console.print(Text(f"    uv run bihuan {text}", style="green"), soft_wrap=True)

    def line(self, *parts: tuple[str, str] | str | Text, pause: float = 0.0) -> None:
        """One line of (text, style), cut where the terminal ends."""
        self.console.print(Text.assemble(*parts), no_wrap=True, overflow="ellipsis")
        self.pause(pause)

    def proof(self, text: str, holds: bool = True) -> None:
        """What was compared, and whether it came out equal."""
        mark, style = ("√", "bold green") if holds else ("×", "bold red")
        self.say(text, style=style, lead=f"  {mark} ")

    def pause(self, seconds: float) -> None:
        """Time to read."""
        if not self.hurried:
            time.sleep(seconds)


class Footlights:
    """The bars under the first acts: how far the taking in has come; plain lines elsewhere, once
    nothing else is being told.
    """

    def __init__(self, stage: Stage, rows: int, complaints: int) -> None:
        self._stage, self._month, self._alone = stage, 0, False
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
            if self._alone and not self._stage.live and news.day.month != self._month:
                self._month = news.day.month
                self._stage.say(f"  归集到 {self._month} 月，已收 {news.rows:,} 行 ……")

    def alone(self) -> None:
        """From now on nothing else is told until the taking in has ended."""
        self._alone = True

    @contextmanager
    def lit(self) -> Iterator[None]:
        """Shown until this ends."""
        with self._bars:
            yield
