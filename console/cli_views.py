"""命令: looking: one complaint's timeline, and what a role has to do."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any

import typer

from console.cli_root import AsJson

if TYPE_CHECKING:
    from console.entries import Entry, Timeline
    from console.queues import Item
    from console.wiring import Office

Unit = Annotated[str | None, typer.Option(help="单位：代码、名称或别名")]


def register(app: typer.Typer) -> None:
    """Adds `complaint show`, `find` and `code`, and `queue`."""
    complaint = typer.Typer(help="差评件", no_args_is_help=True)
    complaint.command("show")(show)
    complaint.command("find")(find)
    complaint.command("code")(code)
    app.add_typer(complaint, name="complaint")
    app.command("queue")(queue)


def show(
    ctx: typer.Context,
    subject: Annotated[str, typer.Argument(metavar="编号", help="差评件编号，如 CP21-0125")],
    account: Annotated[
        str, typer.Option("--as", envvar="BIHUAN_AS", metavar="账号", help="谁在看：账号；留痕")
    ] = "console",
    role: Annotated[
        str, typer.Option(help="身份：operator、reviewer、supervisor、auditor、department")
    ] = "supervisor",
    unit: Unit = None,
    as_json: AsJson = False,
) -> None:
    """看一件差评的时间线：一步一行，到期时间，按身份可见的内容。每次查看都留痕。"""
    from console.timeline import timeline  # noqa: PLC0415
    from console.timeline_json import timeline_json  # noqa: PLC0415
    from console.wiring import office  # noqa: PLC0415
    from schemas.envelope import Role  # noqa: PLC0415
    from workflow.door import acting, checked_name  # noqa: PLC0415
    from workflow.door_units import unit_code  # noqa: PLC0415
    from workflow.ledger import Actor  # noqa: PLC0415

    with office(ctx.obj.data) as opened:
        code = unit_code(opened.ledger, "unit", unit)
        viewer = Actor(checked_name("account", account), acting(role, *Role), code)
        found = timeline(opened, subject, viewer)
    if as_json:
        typer.echo(json.dumps(timeline_json(found), ensure_ascii=False, indent=2))
    else:
        typer.echo("\n".join(_timeline_lines(found)))


def find(
    ctx: typer.Context,
    last4: Annotated[str, typer.Argument(metavar="后四位", help="群众来电号码的后四位")],
    account: Annotated[
        str, typer.Option("--as", envvar="BIHUAN_AS", metavar="账号", help="谁在查：账号；留痕")
    ] = "console",
    role: Annotated[str, typer.Option(help="身份：operator、reviewer、supervisor")] = "operator",
    as_json: AsJson = False,
) -> None:
    """按电话后四位找差评件；每次查找都留痕，责任单位不能查。"""
    from console.finding import MOST, found_by_last4  # noqa: PLC0415
    from console.wiring import office  # noqa: PLC0415
    from workflow.door import INSIDERS, acting, checked_name  # noqa: PLC0415
    from workflow.ledger import Actor  # noqa: PLC0415

    viewer = Actor(checked_name("account", account), acting(role, *sorted(INSIDERS)))
    with office(ctx.obj.data) as opened:
        found = found_by_last4(opened, last4, viewer)[:MOST]
    if as_json:
        typer.echo(json.dumps([dict(item._asdict()) for item in found], ensure_ascii=False))
    else:
        typer.echo("\n".join(f"{item.id}  {item.state}" for item in found) or "没有找到")


def code(
    ctx: typer.Context,
    subject: Annotated[str, typer.Argument(metavar="编号", help="差评件编号，如 CP21-0125")],
    account: Annotated[
        str, typer.Option("--as", envvar="BIHUAN_AS", metavar="账号", help="谁在问：账号；留痕")
    ] = "console",
    as_json: AsJson = False,
) -> None:
    """群众的查询码，由话务员念给群众；每次都留痕。"""
    from console.citizen_code import code_for  # noqa: PLC0415
    from console.wiring import office  # noqa: PLC0415
    from schemas.envelope import Role  # noqa: PLC0415
    from workflow.door import checked_name  # noqa: PLC0415
    from workflow.ledger import Actor  # noqa: PLC0415

    viewer = Actor(checked_name("account", account), Role.OPERATOR)
    with office(ctx.obj.data) as opened:
        found = code_for(opened, subject, viewer)
    typer.echo(json.dumps({"id": subject, "code": found}) if as_json else found)


def _timeline_lines(found: Timeline) -> Iterator[str]:
    from console import wording  # noqa: PLC0415
    from console.cli_help import hanging  # noqa: PLC0415

    yield f"{found.subject}  {wording.state_name(found.state)}  第 {found.version} 版"
    for label, text in found.head:
        yield from hanging(f"  {wording.padded(label, 12)}", text)
    for due in found.open:
        mark = "（停表，恢复后顺延）" if due.paused else "（暂定）" if due.provisional else ""
        label = wording.padded(f"限 {due.label}", 12)
        yield f"  {label}{wording.when(due.due_at, found.zone)}{mark}"
    yield "时间线"
    for entry in found.entries:
        yield from _entry_lines(found, entry)
    if found.allowed:
        yield from hanging("现在可以办理：", "、".join(found.allowed))


def _entry_lines(found: Timeline, entry: Entry) -> Iterator[str]:
    """When, what, by whom and to which state on one line; what was said and falls due below."""
    from console import wording  # noqa: PLC0415
    from console.cli_help import hanging, line_shown  # noqa: PLC0415

    who = line_shown(f"{wording.role_name(entry.role)} {entry.who}".strip())
    begin = f"{wording.when(entry.occurred_at, found.zone)}  {wording.padded(entry.label, 16)}"
    state = wording.state_name(entry.state)
    yield f"  {begin}  {wording.padded(who, 18)}  → {state}"
    parts = [f"{label}：{text.rstrip('。')}" for label, text in entry.details]
    parts += [f"限{due.label} {wording.when(due.due_at, found.zone)}" for due in entry.limits]
    if entry.occurred_at != entry.recorded_at:
        parts.append(f"记录于 {wording.when(entry.recorded_at, found.zone)}")
    if parts:
        yield from hanging(" " * 6, "；".join(parts))


def queue(
    ctx: typer.Context,
    role: Annotated[
        str,
        typer.Argument(
            metavar="身份",
            help="operator、reviewer、supervisor、department、clerk（后两者须写单位）",
        ),
    ],
    unit: Unit = None,
    as_json: AsJson = False,
) -> None:
    """看一个身份的待办：按剩余工作时间，到期时间，在谁手里。"""
    from console.queues import queue as queue_of  # noqa: PLC0415
    from console.wiring import office  # noqa: PLC0415

    with office(ctx.obj.data) as opened:
        if role == "clerk":
            shown, rows = _wanted(opened, unit)
        else:
            items = queue_of(opened, role, unit)
            shown, rows = [_item_json(item) for item in items], [_row(item) for item in items]
    if as_json:
        typer.echo(json.dumps(shown, ensure_ascii=False, indent=2))
    else:
        typer.echo("\n".join(_table(role, rows)))


def _wanted(opened: Office, unit: str | None) -> tuple[list[Any], list[tuple[str, ...]]]:
    from producers.departments import contacts_wanted  # noqa: PLC0415

    wanted = contacts_wanted(opened.ledger, unit=unit or "")
    rows: list[tuple[str, ...]] = [
        (item.day, item.project_no, item.service_number) for item in wanted
    ]
    names = ("day", "project_no", "service_number")
    return [dict(zip(names, row, strict=True)) for row in rows], rows


def _table(role: str, rows: list[tuple[str, ...]]) -> list[str]:
    from console.wording import table  # noqa: PLC0415

    if not rows:
        return ["没有待办"]
    if role == "clerk":
        heading: tuple[str, ...] = ("办理日期", "办件编号", "第几次服务")
    else:
        heading = ("剩余", "编号", "工单", "要办", "在谁手里", "到期")
    return table([heading, *rows])


def _row(item: Item) -> tuple[str, ...]:
    return (
        item.left_text,
        item.subject,
        item.order or "",
        item.task,
        item.holder,
        item.due_text,
    )


def _item_json(item: Item) -> dict[str, Any]:
    return {
        "id": item.subject,
        "order": item.order,
        "task": item.task,
        "state": item.state,
        "limit": item.limit,
        "due": item.due_iso,
        "left_seconds": None if item.left is None else int(item.left.total_seconds()),
        "left": item.left_text,
        "holder": item.holder,
    }
