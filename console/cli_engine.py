"""命令：引擎 — run everything, look after parked records, check the books, rebuild a projection."""

from __future__ import annotations

import json
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from console.cli_root import AsJson
from workflow.errors import InvalidInput

if TYPE_CHECKING:
    from console.wiring import Office
    from workflow.bus.consumer import Consumer

DAMAGED = 6
STANDS_BY = "另一个进程正在运行各消费者；本进程待命，它停下即接手。按 Ctrl+C 停止"


def register(app: typer.Typer) -> None:
    """Adds `run`, `check`, `rebuild` and the sub-commands of `parked`."""
    app.command("run", help="在一个进程里运行全部：各消费者、时钟与发件；按 Ctrl+C 停止")(run)
    app.command("check", help="核对：事件链、件与事件、计数、指标；发现损坏时退出码为 6")(check)
    app.command("rebuild", help="从事件重建一个可重建的消费者（如 metrics）")(rebuild)
    parked = typer.Typer(no_args_is_help=True)
    parked.command("list", help="列出异常件：处理失败停放的，和排在其后的")(parked_list)
    parked.command("retry", help="再试一条异常件，并放行排在其后的")(parked_retry)
    parked.command("discard", help="放弃一条异常件（须写理由），并放行排在其后的")(parked_discard)
    app.add_typer(parked, name="parked", help="异常件：查看、重试、放弃")


def run(ctx: typer.Context) -> None:
    from console.wiring import office  # noqa: PLC0415
    from producers.clock import Ticker  # noqa: PLC0415
    from workflow.sender import Sender  # noqa: PLC0415

    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    with office(ctx.obj.data) as opened:
        bus = opened.bus()
        waits = bus.stands_by()
        worker = threading.Thread(target=bus.run, name="runner")
        sender = Sender(opened.ledger, opened.channels(), bus.wake)
        sending = threading.Thread(target=sender.run, name="sender")
        zone = opened.rulebook.in_force(opened.clock()).zone
        ticker = Ticker(opened.ledger, zone, wake=bus.wake)
        worker.start()
        sending.start()
        ticker.start()
        typer.echo(STANDS_BY if waits else "运行中：各消费者、时钟与发件。按 Ctrl+C 停止")
        stopped.wait()
        ticker.stop()
        sender.stop()
        bus.stop()
        sending.join(10)
        worker.join(10)
    typer.echo("已停止")


def check(ctx: typer.Context, as_json: AsJson = False) -> None:
    from console.wiring import office  # noqa: PLC0415
    from workflow import audit  # noqa: PLC0415
    from workflow.bus import parking  # noqa: PLC0415

    with office(ctx.obj.data) as opened, opened.database.read() as conn:
        findings = audit.check(conn, opened.keys)
        heads = audit.heads(conn)
        parked = len(parking.listed(conn))
    if as_json:
        shown = {"findings": [_finding(f) for f in findings], "heads": heads, "parked": parked}
        typer.echo(json.dumps(shown, ensure_ascii=False, default=str))
    else:
        for found in findings:
            typer.echo(f"损坏 {found.kind} {found.where}：{found.message}")
        waiting = f"；另有 {parked} 条异常件未处理，见 bihuan parked list" if parked else ""
        clean = "核对无误：事件链、件、计数与指标一致"
        typer.echo((f"发现 {len(findings)} 处" if findings else clean) + waiting)
    if findings:
        raise typer.Exit(DAMAGED)


def _finding(found: Any) -> dict[str, str]:
    return {"kind": found.kind, "where": found.where, "message": found.message}


def rebuild(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(help="消费者名")],
    as_json: AsJson = False,
) -> None:
    from console.wiring import office  # noqa: PLC0415
    from workflow.bus.rebuild import rebuild as rebuilt  # noqa: PLC0415

    with office(ctx.obj.data) as opened:
        consumer = _consumer(opened, name)
        if not consumer.replayable:
            raise InvalidInput("name", name, "这个消费者不能从事件重建")
        with _shown(name) as told:
            rebuilt(opened.ledger, consumer, told)
    _say(as_json, {"rebuilt": name}, f"{name} 已从事件重建")


def _say(as_json: bool, shown: dict[str, Any], text: str) -> None:
    typer.echo(json.dumps(shown, ensure_ascii=False) if as_json else text)


@contextmanager
def _shown(name: str) -> Iterator[Callable[[int, int], None]]:
    """A progress bar where somebody looks at a terminal; nothing elsewhere."""
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import Progress  # noqa: PLC0415

    screen = Console(stderr=True)
    with Progress(console=screen, disable=not screen.is_terminal) as bar:
        task = bar.add_task(f"重建 {name}", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _consumer(opened: Office, name: str) -> Consumer:
    consumers = {consumer.name: consumer for consumer in opened.bus().consumers}
    if name not in consumers:
        raise InvalidInput("name", name, f"没有这个消费者；有：{'、'.join(consumers)}")
    return consumers[name]


def parked_list(ctx: typer.Context, as_json: AsJson = False) -> None:
    from console.wiring import office  # noqa: PLC0415
    from console.wording import event_name  # noqa: PLC0415
    from workflow.bus import parking  # noqa: PLC0415

    with office(ctx.obj.data) as opened, opened.database.read() as conn:
        rows = [dict(row._mapping) for row in parking.listed(conn)]
    if as_json:
        typer.echo(json.dumps(rows, ensure_ascii=False))
        return
    for row in rows:
        what = "停放" if row["status"] == "parked" else "等候"
        place = f"{row['consumer']} {row['lane']} {row['pos']}"
        typer.echo(f"{what} {place}  {row['subject']} {event_name(row['type'])}：{row['error']}")
    typer.echo(f"共 {len(rows)} 条" if rows else "没有异常件")
    for row in [row for row in rows if row["status"] == "parked"][:1]:
        place = f"{row['consumer']} {row['lane']} {row['pos']}"
        typer.echo(f"排除原因后重试：bihuan parked retry {place}")
        typer.echo(f"不再处理：bihuan parked discard {place} --reason 理由")


MOST_DIGITS = 18
"""More do not fit into the database's numbers."""

Name = Annotated[str, typer.Argument(help="消费者名")]


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS):
        raise InvalidInput("place", text, "道号和位置须照 parked list 所列")
    return int(text)


Lane = Annotated[int, typer.Argument(help="道号", parser=_number)]
Pos = Annotated[int, typer.Argument(help="位置", parser=_number)]


def parked_retry(
    ctx: typer.Context, consumer: Name, lane: Lane, pos: Pos, as_json: AsJson = False
) -> None:
    from console.wiring import office  # noqa: PLC0415
    from workflow.bus import parking  # noqa: PLC0415

    with office(ctx.obj.data) as opened:
        done = parking.replay(opened.ledger, _consumer(opened, consumer), lane, pos)
        opened.drain()
    _say(as_json, {"done": done}, f"已处理 {'、'.join(done)}")


def parked_discard(
    ctx: typer.Context,
    consumer: Name,
    lane: Lane,
    pos: Pos,
    reason: Annotated[str, typer.Option(help="放弃的理由")],
    as_json: AsJson = False,
) -> None:
    from console.wiring import office  # noqa: PLC0415
    from workflow.bus import parking  # noqa: PLC0415

    with office(ctx.obj.data) as opened:
        done = parking.discard(opened.ledger, _consumer(opened, consumer), lane, pos, reason)
        opened.drain()
    text = "已放弃" + (f"，其后已处理 {'、'.join(done)}" if done else "")
    _say(as_json, {"discarded": f"{consumer} {lane} {pos}", "done": done}, text)
