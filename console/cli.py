"""命令: `bihuan`, the one command line: every part adds its commands; heavy modules load when a
command runs.
"""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer

from console import (
    cli_accounts,
    cli_doors,
    cli_engine,
    cli_erase,
    cli_intake,
    cli_loop,
    cli_move,
    cli_outbox,
    cli_parked,
    cli_processes,
    cli_reports,
    cli_rules,
    cli_tokens,
    cli_views,
)
from console.cli_root import Asked, Root, spell_out
from console.demo import cli as cli_demo
from console.refusals import EXITS

HELP = "\n\n".join(
    [
        "闭环：政务服务差评 归集 → 分析 → 核实 → 整改 → 再评价。",
        "退出码：",
        *(f"{code} {text}" for code, text in EXITS.items()),
    ]
)

app = typer.Typer(
    cls=Root,
    help=HELP,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def tell_version(wanted: bool) -> None:
    """Says which release this is, and ends."""
    if wanted:
        typer.echo(f"bihuan {version('bihuan')}")
        raise typer.Exit


@app.callback()
def asked(
    ctx: typer.Context,
    data: Annotated[
        Path | None,
        typer.Option(
            envvar="BIHUAN_DATA",
            metavar="文件夹",
            help="数据文件夹：数据库和密钥；缺省为 ./data。写在命令前后都可以",
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="结果和错误都输出 JSON")] = False,
    _: Annotated[
        bool, typer.Option("--version", callback=tell_version, is_eager=True, help="版本号")
    ] = False,
) -> None:
    """Keeps what holds for every command in `ctx.obj`."""
    ctx.obj = Asked(data, as_json)


cli_views.register(app)
cli_doors.register(app)
cli_loop.register(app)
cli_rules.register(app)
cli_intake.register(app)
cli_reports.register(app)
cli_engine.register(app)
cli_parked.register(app)
cli_processes.register(app)
cli_outbox.register(app)
cli_erase.register(app)
cli_move.register(app)
cli_accounts.register(app)
cli_tokens.register(app)
cli_demo.register(app)


def main() -> None:
    """The entry point of the `bihuan` command."""
    spell_out()
    app(prog_name="bihuan")
