"""命令: a person asks to be forgotten, or the office does; the number is read from standard input,
for a command line is seen and kept.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated

import typer

from console.cli_root import AsJson, secret


def register(app: typer.Typer) -> None:
    """Adds `erase`."""
    app.command("erase")(erase)


def erase(
    ctx: typer.Context,
    account: Annotated[
        str, typer.Option("--as", envvar="BIHUAN_AS", metavar="账号", help="管理员的账号")
    ],
    reason: Annotated[str, typer.Option(help="理由，记入日志；不要写姓名和号码")],
    complaint: Annotated[
        str | None, typer.Option(metavar="编号", help="按这件差评的群众删；不写则输入电话号码")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """删除一个人的个人信息：他的评价和已办结差评里的姓名、号码、文字，没有收成的冲突行和异常件；
    日志和统计数字不变，不能恢复。

    号码从标准输入读，不写在命令行上。在办的件办结后才能删。网页上传而没有导入的文件一并删除。
    """
    from console.uploads import forget_all  # noqa: PLC0415
    from console.wiring import office  # noqa: PLC0415
    from workflow.erasure import erase_person  # noqa: PLC0415

    phone = None if complaint is not None else secret("电话号码")
    with office(ctx.obj.data) as opened:
        done = erase_person(
            opened.ledger, account=account, reason=reason, phone=phone, subject=complaint
        )
        uploads = forget_all(opened.data)
    if as_json:
        typer.echo(json.dumps(asdict(done) | {"uploads": uploads}, ensure_ascii=False))
        return
    typer.echo(f"已删除：差评 {done.complaints} 件，其他评价 {done.ratings} 条")
    if done.conflicts or done.messages:
        typer.echo(f"没有收成的也已删除：冲突行 {done.conflicts} 条，异常件 {done.messages} 条")
    if done.unread:
        typer.echo(f"读不出的异常件，不知是谁的，没有删；可以放弃：{'、'.join(done.unread)}")
    if uploads:
        typer.echo(f"网页上传而没有导入的文件，一并删除 {uploads} 个，要用的请重新上传")
    if done.under_way:
        typer.echo(f"在办，办结后再删：{'、'.join(done.under_way)}")
