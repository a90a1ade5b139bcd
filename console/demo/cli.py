"""命令：演示 — one real quarter goes round the loop and comes out as the circular's own tables;
a small one for whoever wants to see messages come in.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated

import typer

SEED = 20211001
FOLDER = Path("demo")
HOST = "127.0.0.1"
STOP = "用浏览器打开它，选一张身份卡就能办。按 Ctrl+C 结束"


def register(app: typer.Typer) -> None:
    """Adds `demo` and `sample`."""
    app.command("demo", help="演示：一个真实季度的总数走一遍闭环，印出通报的表（合成数据）")(demo)
    app.command("sample", help="印出一个稀释的季度，一行一条 JSON，供送入主题 ratings（合成数据）")(
        sample
    )


def demo(
    ctx: typer.Context,
    seed: Annotated[int, typer.Option(help="随机种子：换一个，总数不变，行不同")] = SEED,
    fast: Annotated[bool, typer.Option("--fast", help="不停顿")] = False,
    desk: Annotated[bool, typer.Option("--desk", help="不重演，只打开上次留下的办公桌")] = False,
    host: Annotated[str, typer.Option(metavar="地址", help="办公桌的地址，只能是本机")] = HOST,
    port: Annotated[int, typer.Option(metavar="端口", help="办公桌的端口；0 由系统选")] = 8000,
) -> None:
    """In a terminal the demo ends with its desk open in a browser; elsewhere it ends."""
    from console.demo.playing import play  # noqa: PLC0415  # heavy, and only for this command
    from console.demo.sitting import check_host, sit_down  # noqa: PLC0415

    check_host(host)
    folder = ctx.obj.data or FOLDER
    if desk or play(folder, seed, fast):
        sit_down(folder, host, port, lambda url: typer.echo(f"\n办公桌已打开：{url}\n{STOP}"))


def sample(
    one_in: Annotated[int, typer.Option(help="好评与办件只留几分之一", min=1, max=200)] = 200,
    seed: Annotated[int, typer.Option(help="随机种子")] = SEED,
) -> None:
    from console.demo.sample import messages  # noqa: PLC0415

    for line in messages(seed, one_in, date.today()):  # noqa: DTZ011  # the office's own day
        typer.echo(line)
