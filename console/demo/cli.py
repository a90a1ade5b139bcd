"""命令：演示 — one real quarter goes round the loop and comes out as the circular's own tables."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

SEED = 20211001
FOLDER = Path("demo")


def register(app: typer.Typer) -> None:
    """Adds `demo`."""
    app.command("demo", help="演示：一个真实季度的总数走一遍闭环，印出通报的表（合成数据）")(demo)


def demo(
    ctx: typer.Context,
    seed: Annotated[int, typer.Option(help="随机种子：换一个，总数不变，行不同")] = SEED,
    fast: Annotated[bool, typer.Option("--fast", help="不停顿")] = False,
) -> None:
    from console.demo.playing import play  # noqa: PLC0415  # heavy, and only for this command

    play(ctx.obj.data or FOLDER, seed, fast)
