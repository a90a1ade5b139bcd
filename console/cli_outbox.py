"""命令: the outbox as a person reads it: what was written to whom, and what came of sending it."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer

from console.cli_root import AsJson

STATUSES = {
    "shown": "待阅",
    "waiting": "待发",
    "sent": "已送达网关",
    "failed": "发不出去，改为电话",
    "overtaken": "已不需要",
}


def register(app: typer.Typer) -> None:
    """Adds `outbox`."""
    app.command("outbox")(outbox)


def outbox(
    ctx: typer.Context,
    to: Annotated[
        str | None,
        typer.Option(help="收件人：role:operator、role:supervisor…、unit:单位代码、citizen"),
    ] = None,
    status: Annotated[str | None, typer.Option(help="状态：" + "、".join(STATUSES))] = None,
    last: Annotated[int, typer.Option(min=1, help="最近多少条")] = 50,
    as_json: AsJson = False,
) -> None:
    """看发件箱：写给谁、写了什么、送达没有；不含群众的姓名和号码。"""
    from console import wording  # noqa: PLC0415
    from console.messages import recipient  # noqa: PLC0415
    from console.wiring import office  # noqa: PLC0415
    from workflow.errors import InvalidInput  # noqa: PLC0415
    from workflow.said import ONLY  # noqa: PLC0415

    if status is not None and status not in STATUSES:
        raise InvalidInput("status", status, ONLY + "、".join(STATUSES))
    with office(ctx.obj.data) as opened:
        zone = opened.rulebook.in_force(opened.clock()).zone
        rows, units = _rows(opened, to, status, last), opened.units
    if as_json:
        typer.echo(json.dumps(rows, ensure_ascii=False))
        return
    shown = [("写于", "写给", "状态", "内容")]
    for row in rows:
        at, status = wording.when(row["created_at"], zone), STATUSES[row["status"]]
        shown.append((at, recipient(row["recipient"], units), status, row["body"]))
    typer.echo("\n".join(wording.table(shown)) if rows else "没有")


def _rows(opened: Any, to: str | None, status: str | None, last: int) -> list[dict[str, Any]]:
    """The last messages, the newest last."""
    from sqlalchemy import select  # noqa: PLC0415

    from workflow.storage.models import outbox as table  # noqa: PLC0415

    query = select(table).order_by(table.c.id.desc()).limit(last)
    if to is not None:
        query = query.where(table.c.recipient == to)
    if status is not None:
        query = query.where(table.c.status == status)
    with opened.database.read() as conn:
        return [dict(row._mapping) for row in conn.execute(query)][::-1]
