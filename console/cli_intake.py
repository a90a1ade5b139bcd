"""命令：导入 — files of ratings and service records through the real intake, with progress and a
refused-rows file.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from console.cli_help import line_shown
from console.cli_root import AsJson

if TYPE_CHECKING:
    from console.wiring import Office
    from producers.importing import Progress
    from producers.runs import Receipt
    from producers.sources import Source
    from schemas.rating import Refusal

LISTED = 20
"""Refused rows shown at once; all of them are in the file."""


def register(app: typer.Typer) -> None:
    """Adds `import`."""
    app.command("import", help="导入办件或评价文件（CSV、XLSX）；中断后再次运行会接着导入")(
        import_command
    )


def import_command(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(help="文件；一行一条，首行是列名（见 docs/import.md）")],
    source: Annotated[str, typer.Option(help="来源：bihuan、shandong、zhejiang、fujian、gbt39046")],
    dry_run: Annotated[
        bool,
        typer.Option(
            "--dry-run", help="只试一遍，文件的内容一行不存；还没有数据库的，先建空库和密钥"
        ),
    ] = False,
    refused: Annotated[
        Path | None,
        typer.Option(
            help="被拒收的行另存到这里；不写就是原文件名加 .refused.csv。不覆盖别的文件和改过的清单"
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    from console.wiring import office  # noqa: PLC0415
    from producers.sources import source as source_named  # noqa: PLC0415

    known = source_named(source)
    with office(ctx.obj.data) as opened, _shown(as_json) as on_batch:
        if dry_run:
            told = _rehearsed(opened, file, known, on_batch)
        else:
            told = _imported(opened, file, known, on_batch, refused)
    _report(told, dry_run, as_json)


class _Told(NamedTuple):
    """What there is to tell: the receipt, the first refused rows, where all of them lie, and which
    file was not overwritten for them.
    """

    receipt: Receipt
    refused: Sequence[Refusal]
    target: Path | None = None
    spared: Path | None = None


def _rehearsed(office: Office, file: Path, source: Source, on_batch: Progress) -> _Told:
    from producers.rehearsing import rehearse  # noqa: PLC0415

    done = rehearse(office.ledger, office.desk(), file, source, on_batch, LISTED)
    return _Told(done.receipt, done.refused)


def _imported(
    office: Office, file: Path, source: Source, on_batch: Progress, asked: Path | None
) -> _Told:
    from producers.files.refused import check_target  # noqa: PLC0415
    from producers.importing import (  # noqa: PLC0415
        import_file,
        place_of_refused,
        refused_rows,
        write_refused_file,
    )
    from workflow.errors import InvalidInput  # noqa: PLC0415

    target = asked or file.with_name(f"{file.name}.refused.csv")
    check_target(target, file, office.data)
    if asked and place_of_refused(office.ledger, file, source, asked) != asked:
        reason = "已有这个文件，不会覆盖；请另取一个名字"
        raise InvalidInput("--refused", str(asked), reason)
    receipt = import_file(office.ledger, office.desk(), file, source, on_batch)
    office.drain()
    if not receipt.refused:
        return _Told(receipt, ())
    place = place_of_refused(office.ledger, file, source, target)
    write_refused_file(office.ledger, receipt, file, place)
    first = list(islice(refused_rows(office.ledger, receipt), LISTED))
    return _Told(receipt, first, place, None if place == target else target)


class _shown:
    """A progress bar where somebody looks at a terminal; nothing elsewhere."""

    def __init__(self, quiet: bool) -> None:
        from rich.console import Console  # noqa: PLC0415
        from rich.progress import Progress as Bar  # noqa: PLC0415

        console = Console(stderr=True)
        self._bar = Bar(console=console, disable=quiet or not console.is_terminal)

    def __enter__(self) -> Callable[[Receipt, object], None]:
        self._bar.start()
        task = self._bar.add_task("导入", total=None)

        def on_batch(receipt: Receipt, batch: object) -> None:
            self._bar.update(
                task,
                total=getattr(batch, "total_bytes", None),
                completed=getattr(batch, "bytes_read", 0),
                description=f"导入 {receipt.rows} 行",
            )

        return on_batch

    def __exit__(self, *_: object) -> None:
        self._bar.stop()


def _report(told: _Told, dry_run: bool, as_json: bool) -> None:
    receipt, target = told.receipt, told.target
    if as_json:
        shown = {**asdict(receipt), "rows": receipt.rows, "dry_run": dry_run}
        del shown["rows_done"]  # the last line, the header counted
        shown["refused_file"] = target and str(target)
        shown["refused_rows"] = [
            {"row": one.row, "field": one.field, "value": one.value, "reason": one.reason}
            for one in told.refused
        ]
        typer.echo(json.dumps(shown, ensure_ascii=False))
        return
    head = "试导入（未存任何内容）" if dry_run else "导入完成"
    typer.echo(
        f"{head}：新收 {receipt.accepted}，重复 {receipt.repeats}，内容冲突 {receipt.conflicts}，"
        f"拒收 {receipt.refused}，新开差评件 {receipt.complaints}"
    )
    from producers.sources.words import field_title  # noqa: PLC0415

    for one in told.refused:
        where = f"  第 {one.row} 行，{field_title(one.field)}"
        typer.echo(line_shown(f"{where}：{one.reason}（收到：{one.value or '空'}）"))
    if receipt.refused > len(told.refused):
        typer.echo(f"  …… 只列出前 {len(told.refused)} 行")
    if target is not None:
        spared = f"（{told.spared.name} 已有，没有覆盖）" if told.spared else ""
        typer.echo(f"拒收的行和原因在 {target}{spared}，改正后可直接再导入")
