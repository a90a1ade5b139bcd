"""命令：异常件 — reactions and messages that could not be handled: seen, tried again, given up."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer

from console.cli_help import line_shown
from console.cli_root import AsJson, say
from workflow.errors import InvalidInput

RATINGS = "ratings"
"""Stands for a consumer's name where a message of that topic is meant."""

BY = "命令行"
"""Who did it, as far as a command knows."""

LANES, POSITIONS = range(1 << 31), range(1 << 63)
"""What the database's columns hold of the place of a parked one."""


def register(app: typer.Typer) -> None:
    """Adds `parked list`, `parked retry` and `parked discard`."""
    parked = typer.Typer(no_args_is_help=True)
    parked.command("list", help="列出异常件：处理失败停放的，和排在其后的")(parked_list)
    parked.command("retry", help="再试一条异常件，并放行排在其后的")(parked_retry)
    parked.command("discard", help="放弃一条异常件（须写理由），并放行排在其后的")(parked_discard)
    app.add_typer(parked, name="parked", help="异常件：查看、重试、放弃")


def parked_list(ctx: typer.Context, as_json: AsJson = False) -> None:
    from console.wiring import office  # noqa: PLC0415
    from console.wording import event_name  # noqa: PLC0415
    from workflow.bus import parking  # noqa: PLC0415
    from workflow.storage import messages  # noqa: PLC0415

    with office(ctx.obj.data) as opened, opened.database.read() as conn:
        rows = [dict(row._mapping) for row in parking.listed(conn)]
        rows += [_message(row) for row in messages.listed(conn)]
    if as_json:
        typer.echo(json.dumps(rows, ensure_ascii=False))
        return
    for row in rows:
        what = "停放" if row["status"] == "parked" else "等候"
        place = f"{row['consumer']} {row['lane']} {row['pos']}"
        told = f"{what} {place}  {row['subject']} {event_name(row['type'])}：{row['error']}"
        typer.echo(line_shown(told))
    typer.echo(f"共 {len(rows)} 条" if rows else "没有异常件")
    for row in [row for row in rows if row["status"] == "parked"][:1]:
        place = f"{row['consumer']} {row['lane']} {row['pos']}"
        typer.echo(f"排除原因后重试：bihuan parked retry {place}")
        typer.echo(f"不再处理：bihuan parked discard {place} --reason 理由")


def _message(row: Any) -> dict[str, Any]:
    """A message as the same columns as a parked record."""
    shown = dict(row._mapping)
    place = {"consumer": RATINGS, "lane": shown.pop("partition"), "pos": shown.pop("position")}
    return place | shown | {"subject": shown["topic"], "type": ""}


Name = Annotated[str, typer.Argument(help="消费者名；主题 ratings 的消息写 ratings")]


def _number(text: str, held: range) -> int:
    written = text.isascii() and text.isdigit() and len(text) <= len(str(held.stop))
    if not written or int(text) not in held:
        raise InvalidInput("place", text, "道号和位置须照 parked list 所列")
    return int(text)


def _lane(text: str) -> int:
    return _number(text, LANES)


def _pos(text: str) -> int:
    return _number(text, POSITIONS)


Lane = Annotated[int, typer.Argument(help="道号；消息的分区", parser=_lane)]
Pos = Annotated[int, typer.Argument(help="位置；消息的偏移", parser=_pos)]


def parked_retry(
    ctx: typer.Context, consumer: Name, lane: Lane, pos: Pos, as_json: AsJson = False
) -> None:
    from console.wiring import office  # noqa: PLC0415
    from producers.message import retry  # noqa: PLC0415
    from workflow.bus import parking  # noqa: PLC0415

    with office(ctx.obj.data) as opened:
        if consumer == RATINGS:
            done = [retry(opened.ledger, opened.desk(), lane, pos, by=BY)]
        else:
            done = parking.replay(opened.ledger, opened.consumer(consumer), lane, pos, by=BY)
        opened.drain()
    say(as_json, {"done": done}, f"已处理 {'、'.join(done)}")


def parked_discard(
    ctx: typer.Context,
    consumer: Name,
    lane: Lane,
    pos: Pos,
    reason: Annotated[str, typer.Option(help="放弃的理由")],
    as_json: AsJson = False,
) -> None:
    from console.wiring import office  # noqa: PLC0415
    from producers.message import discard  # noqa: PLC0415
    from workflow.bus import parking  # noqa: PLC0415

    with office(ctx.obj.data) as opened:
        if consumer == RATINGS:
            discard(opened.ledger, lane, pos, reason, by=BY)
            done = []
        else:
            named = opened.consumer(consumer)
            done = parking.discard(opened.ledger, named, lane, pos, reason, by=BY)
        opened.drain()
    text = "已放弃" + (f"，其后已处理 {'、'.join(done)}" if done else "")
    say(as_json, {"discarded": f"{consumer} {lane} {pos}", "done": done}, text)
