"""命令：单位名册 — the list of units in force, shown and replaced."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from console.cli_help import line_shown
from console.cli_root import AsJson
from console.report_desk import checked_scope, reading, terminal


def register(app: typer.Typer) -> None:
    """Adds `units list`, `units import` and `units staff`."""
    units = typer.Typer(help="单位名册：查看、导入", no_args_is_help=True)
    units.command("list")(units_list)
    units.command("import")(units_import)
    units.command("staff")(units_staff)
    app.add_typer(units, name="units")


def units_list(
    ctx: typer.Context,
    tier: Annotated[str | None, typer.Option(help="只列这个层级")] = None,
    area: Annotated[str | None, typer.Option(help="只列这个区县")] = None,
    as_json: AsJson = False,
) -> None:
    """现行单位名册：代码、名称、区县、层级、别名。"""
    from console.reports.roster import render_units, units_json  # noqa: PLC0415

    with reading(ctx) as read:
        units = read.units
    checked_scope(units, tier, area)
    if as_json:
        typer.echo(json.dumps(units_json(units, tier, area), ensure_ascii=False, indent=2))
    else:
        render_units(terminal(), units, tier, area)


def units_import(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(help="XLSX、CSV（代码,名称,区县,层级,别名…）或 TOML")],
    as_json: AsJson = False,
) -> None:
    """用文件里的名册替换现行名册；有一处不对就全部不换。"""
    from console.accounts.unit_sheet import load_units  # noqa: PLC0415
    from console.wiring import office  # noqa: PLC0415
    from console.wording import local  # noqa: PLC0415
    from workflow.errors import InvalidInput  # noqa: PLC0415
    from workflow.units import seed  # noqa: PLC0415

    units = load_units(file)
    with office(ctx.obj.data) as opened, opened.database.write() as conn:
        now = opened.ledger.now(conn)
        today = local(now, opened.rulebook.in_force(now).zone).date()
        if units.effective is not None and units.effective > today:
            raise InvalidInput("effective", units.effective, "还没有到这一天，到时再导入")
        seed(conn, units)
    if as_json:
        shown = {"version": units.version, "units": len(units.units)}
        typer.echo(json.dumps(shown, ensure_ascii=False))
    else:
        typer.echo(line_shown(f"现行名册：{units.version}，{len(units.units)} 个单位"))


def units_staff(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(help="人员名册：CSV，列为 单位,账号,电话")],
    as_json: AsJson = False,
) -> None:
    """用文件里的人员名册替换现行的，供查“自我评价”；号码只存密钥摘要，有一处不对就全部不换。"""
    from console.wiring import office  # noqa: PLC0415
    from workflow.staff import load_staff, seed_staff  # noqa: PLC0415

    with office(ctx.obj.data) as opened:
        people = load_staff(file, opened.units)
        with opened.database.write() as conn:
            seed_staff(conn, opened.vault, people)
    typer.echo(json.dumps({"staff": len(people)}) if as_json else f"人员名册：{len(people)} 人")
