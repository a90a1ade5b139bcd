"""命令：报表 — the annexes, the indicators and the what-if."""

from __future__ import annotations

from dataclasses import asdict
from functools import partial
from typing import Annotated, Any, Literal

import typer

from console import cli_units
from console.cli_root import AsJson
from console.report_desk import Page, asked_area, disorders, instant_of, reading, show

TextOrCsv = Annotated[
    Literal["text", "csv"], typer.Option("--format", help="text 文字，csv 通报附件的列")
]
TextOrJson = Annotated[Literal["text", "json"], typer.Option("--format", help="text 文字，json")]
PeriodOption = Annotated[
    str, typer.Option(help="统计期，如 2021Q3、2021-09、2021、2021-07..2021-09")
]
Tier = Annotated[str, typer.Option(help="层级：部门、镇办、村居")]
Area = Annotated[str | None, typer.Option(help="区县，不写是名册里第一个有部门的")]


def register(app: typer.Typer) -> None:
    """Adds `report` and `units` with their sub-commands."""
    report = typer.Typer(help="报表：附件3、附件4、指标、试算", no_args_is_help=True)
    report.command("annex3")(annex3)
    report.command("annex4")(annex4)
    report.command("indicators")(indicators)
    report.command("whatif")(whatif)
    app.add_typer(report, name="report")
    cli_units.register(app)


def annex3(
    ctx: typer.Context,
    frm: Annotated[str, typer.Option("--from", help="起月，如 2021-05")],
    to: Annotated[str, typer.Option("--to", help="止月，如 2021-09")],
    form: TextOrCsv = "text",
    as_json: AsJson = False,
) -> None:
    """附件3：各区县镇（街道）按月的办件、评价、现场主动评价、差评。"""
    from console.reports import annex3 as report  # noqa: PLC0415
    from console.reports.periods import months_between  # noqa: PLC0415
    from console.reports.unplaced import unplaced  # noqa: PLC0415

    with reading(ctx) as read:
        rows = report.annex3_rows(read.conn, read.units, frm, to)
        missing = unplaced(read.conn, read.units, months_between(frm, to))
    findings = report.annex3_findings(rows)
    if form == "csv" and not as_json:
        _csv(report.annex3_csv(rows), *disorders(findings), *missing.note)
        return
    shown: dict[str, Any] = {"report": "annex3", "from": frm, "to": to}
    shown |= {"rows": report.annex3_json(rows), "findings": findings}
    shown["unplaced"] = asdict(missing)
    notes = (*disorders(findings), *missing.note, report.SCOPE)
    page = Page(report.TITLE, shown, partial(report.print_annex3, rows=rows), notes)
    show(page, read.footing, as_json)


def annex4(
    ctx: typer.Context,
    period: PeriodOption,
    tier: Tier = "部门",
    area: Area = None,
    form: TextOrCsv = "text",
    as_json: AsJson = False,
) -> None:
    """附件4：各部门录入的评价数，按多少排列。"""
    from console.reports import annex4 as report  # noqa: PLC0415
    from console.reports.periods import parse_period  # noqa: PLC0415
    from console.reports.unplaced import unplaced  # noqa: PLC0415

    when = parse_period(period)
    with reading(ctx) as read:
        area = asked_area(read.units, tier, area)
        rows = report.annex4_rows(read.conn, read.units, when, tier, area)
        missing = unplaced(read.conn, read.units, when)
    if form == "csv" and not as_json:
        _csv(report.annex4_csv(rows), *missing.note)
        return
    shown: dict[str, Any] = {"report": "annex4", "period": when.label, "tier": tier, "area": area}
    shown |= {"rows": report.annex4_json(rows), "unplaced": asdict(missing)}
    title = f"{when.label} {area}{tier} {report.TITLE}"
    notes = (*missing.note, report.SCOPE)
    page = Page(title, shown, partial(report.render_annex4, rows=rows), notes)
    show(page, read.footing, as_json)


def indicators(
    ctx: typer.Context,
    period: PeriodOption,
    tier: Tier = "部门",
    area: Area = None,
    as_of: Annotated[
        str | None,
        typer.Option(help="按当时的情况统计，带时区，如 2021-10-08T09:00:00+08:00；缺省为现在"),
    ] = None,
    form: TextOrJson = "text",
    as_json: AsJson = False,
) -> None:
    """指标：每个比率都列分子、分母、范围和算法。"""
    from console.reports import indicators as report  # noqa: PLC0415
    from console.reports.periods import parse_period  # noqa: PLC0415

    when = parse_period(period)
    past = None if as_of is None else instant_of(as_of, "as_of")
    with reading(ctx, past) as read:
        area = asked_area(read.units, tier, area)
        policies, assumed = read.office.rulebook.policies, read.footing.synthetic
        ask = report.Question(when, tier, area, read.now, past, assumed)
        found = report.indicators(read.conn, read.units, policies, ask)
    page = Page(
        f"{when.label} {area}{tier} 政务服务“好差评”指标",
        {"report": "indicators", **report.indicators_json(found)},
        partial(report.render_indicators, found=found),
        (*disorders(found.findings), *found.unplaced.note, report.OVER),
    )
    show(page, read.footing, as_json or form == "json")


def whatif(
    ctx: typer.Context,
    period: PeriodOption,
    change: Annotated[str, typer.Option("--set", help='如 "rectify=3 working days"')],
    tier: Tier = "部门",
    area: Area = None,
    form: TextOrJson = "text",
    as_json: AsJson = False,
) -> None:
    """试算：如果时限不同，本期哪些工单会逾期。"""
    from console.reports import whatif as report  # noqa: PLC0415
    from console.reports.periods import parse_period  # noqa: PLC0415
    from console.reports.unplaced import unplaced  # noqa: PLC0415

    when, wanted = parse_period(period), report.Change.parse(change)
    with reading(ctx) as read:
        area = asked_area(read.units, tier, area)
        codes = [unit.code for unit in read.units.of(tier, area)]
        found = report.what_if(read.conn, read.office.rulebook, when, codes, wanted, read.now)
        missing = unplaced(read.conn, read.units, when)
    shown: dict[str, Any] = {"report": "whatif", "period": when.label, "tier": tier, "area": area}
    shown |= report.whatif_json(found, read.units, read.zone) | {"unplaced": asdict(missing)}
    page = Page(
        f"{when.label} {area}{tier} 时限试算",
        shown,
        partial(report.render_whatif, found=found, units=read.units, zone=read.zone),
        missing.note,
    )
    show(page, read.footing, as_json or form == "json")


def _csv(text: str, *notes: str) -> None:
    typer.echo(text, nl=False)
    for line in notes:
        typer.echo(line, err=True)
