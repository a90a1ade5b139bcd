"""命令: the loop's table printed, or written into documents; the schemas of what can happen."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from console.cli_root import AsJson, say
from workflow import said
from workflow.errors import InvalidInput

FORMATS = ("mermaid", "table", "json")


@contextmanager
def _file(option: str, path: Path) -> Iterator[None]:
    """InvalidInput names the option and says why what it names cannot be read or written."""
    try:
        yield
    except OSError as error:
        raise InvalidInput(option, str(path), said.of_system(error)) from error
    except UnicodeDecodeError as error:
        raise InvalidInput(option, str(path), "文件须是 UTF-8 编码") from error


def register(app: typer.Typer) -> None:
    """Adds `loop`, `schema export` and `schema asyncapi`."""
    app.command("loop")(loop)
    schema = typer.Typer(help="数据格式：事件、办件、评价", no_args_is_help=True)
    schema.command("export")(schema_export)
    schema.command("asyncapi")(schema_asyncapi)
    app.add_typer(schema, name="schema")


def loop(
    form: Annotated[str, typer.Option("--format", help="mermaid、table 或 json")] = "table",
    write: Annotated[
        list[Path] | None,
        typer.Option(help="不打印，改写文档里 <!-- loop:begin --> 等标记之间的内容；可重复"),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """闭环的全部步骤和时限，由程序自己的步骤表生成。"""
    from console import loop_views  # noqa: PLC0415

    if form not in FORMATS:
        raise InvalidInput("format", form, "只能是 " + "、".join(FORMATS))
    for path in write or ():
        with _file("write", path):
            text = path.read_text(encoding="utf-8")
            path.write_text(loop_views.refreshed(text, path.name), encoding="utf-8")
    if write:
        say(as_json, {"written": list(map(str, write))}, f"已更新 {'、'.join(map(str, write))}")
    elif form == "json" or as_json:
        typer.echo(json.dumps(loop_views.as_json(), ensure_ascii=False, indent=2))
    else:
        typer.echo(loop_views.mermaid() if form == "mermaid" else loop_views.as_text())


def schema_export(
    out: Annotated[Path, typer.Option(metavar="文件夹", help="写到哪个文件夹")] = Path(
        "docs/schemas"
    ),
    as_json: AsJson = False,
) -> None:
    """把每个事件和进来的办件、评价的 JSON Schema 写成文件。"""
    from producers.sources.row_schema import row_schemas  # noqa: PLC0415
    from schemas.published import published  # noqa: PLC0415

    found = published(row_schemas())
    with _file("out", out):
        out.mkdir(parents=True, exist_ok=True)
        for name, text in found.items():
            (out / f"{name}.json").write_text(text, encoding="utf-8")
    say(as_json, {"written": len(found), "to": str(out)}, f"{len(found)} 个格式写到 {out}")


def schema_asyncapi(
    out: Annotated[Path, typer.Option(metavar="文件", help="写到哪个文件")] = Path(
        "docs/asyncapi.json"
    ),
    as_json: AsJson = False,
) -> None:
    """把 Kafka 各主题的消息写成 AsyncAPI 3 文档，供别的系统对接。"""
    from producers.sources.row_schema import row_schemas  # noqa: PLC0415
    from workflow.bus.asyncapi import document  # noqa: PLC0415

    with _file("out", out):
        out.write_text(document(row_schemas()), encoding="utf-8")
    say(as_json, {"written": str(out)}, f"AsyncAPI 文档写到 {out}")
