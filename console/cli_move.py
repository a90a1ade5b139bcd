"""命令: the embedded database moved to PostgreSQL."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from console.cli_root import AsJson, secret
from workflow.errors import InvalidInput


def register(app: typer.Typer) -> None:
    """Adds `move`."""
    app.command("move")(move)


def move(
    ctx: typer.Context,
    to: Annotated[
        str | None,
        typer.Option(metavar="地址", help="postgresql://… 的地址；不写则输入，以免留在命令记录里"),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """把数据文件夹里的数据库搬到 PostgreSQL，并逐表核对：一行不少，一字不变。

    目标库须是空的，并且没有进程在运行。要么全部搬完，要么什么也没动；中断后重新执行即可。
    搬完以后，这个文件夹的命令都用新数据库，原文件封存，不再写入。
    """
    from console.moving import move as moved  # noqa: PLC0415
    from console.wiring import office  # noqa: PLC0415

    address = to or secret("PostgreSQL 地址")
    if not address:
        raise InvalidInput("--to", "", "没有写 PostgreSQL 的地址；也可从标准输入给一行")
    with office(ctx.obj.data, embedded=True) as opened:
        proof = moved(opened, address)
    if as_json:
        tables = {name: one._asdict() for name, one in proof.tables.items()}
        typer.echo(json.dumps({"place": proof.place, "tables": tables}, ensure_ascii=False))
        return
    for name, one in proof.tables.items():
        typer.echo(f"{name:<16}{one.rows:>12} 行  摘要 {one.digest[:16]}  两边一致")
    typer.echo(f"已搬到 {proof.place}；两边的事件链、封印和明细都核对无误")
