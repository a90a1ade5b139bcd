"""命令：引擎 — migrate, check the books, rebuild a projection."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import typer

from console.cli_help import line_shown
from console.cli_root import AsJson, say

DAMAGED = 6


def register(app: typer.Typer) -> None:
    """Adds `migrate`, `check` and `rebuild`."""
    app.command("migrate", help="把数据库升级到本版本；新库则建表。其他命令也会自行升级")(migrate)
    app.command("check", help="核对：事件链、件与事件、计数、指标；发现损坏时退出码为 6")(check)
    app.command("rebuild", help="从事件重建一个可重建的消费者（如 metrics）")(rebuild)


def migrate(ctx: typer.Context, as_json: AsJson = False) -> None:
    from console.wiring import office  # noqa: PLC0415
    from workflow.storage.schema import HEAD  # noqa: PLC0415

    with office(ctx.obj.data) as opened:
        place = str(opened.database.place)
    say(as_json, {"place": place, "version": HEAD}, f"{place} 的表已是版本 {HEAD}")


def check(ctx: typer.Context, as_json: AsJson = False) -> None:
    from rich.console import Console  # noqa: PLC0415

    from console.wiring import office  # noqa: PLC0415
    from workflow import audit  # noqa: PLC0415
    from workflow.bus import parking  # noqa: PLC0415
    from workflow.storage import messages  # noqa: PLC0415

    with office(ctx.obj.data) as opened, opened.database.read() as conn:
        with Console(stderr=True).status("核对") as shown:
            findings = audit.check(conn, opened.keys, progress=shown.update)
        heads = audit.heads(conn)
        parked = len(parking.listed(conn)) + len(messages.listed(conn))
    if as_json:
        whole = {"findings": [_finding(f) for f in findings], "heads": heads, "parked": parked}
        typer.echo(json.dumps(whole, ensure_ascii=False, default=str))
    else:
        for found in findings:
            typer.echo(line_shown(f"损坏 {found.kind} {found.where}：{found.message}"))
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
        consumer = opened.consumer(name)
        with _shown(name) as told:
            rebuilt(opened.ledger, consumer, told)
    shown = json.dumps({"rebuilt": name}, ensure_ascii=False)
    typer.echo(shown if as_json else f"{name} 已从事件重建")


@contextmanager
def _shown(name: str) -> Iterator[Callable[[int, int], None]]:
    """A progress bar where somebody looks at a terminal; nothing elsewhere."""
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import Progress  # noqa: PLC0415

    screen = Console(stderr=True)
    with Progress(console=screen, disable=not screen.is_terminal) as bar:
        task = bar.add_task(f"重建 {name}", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
