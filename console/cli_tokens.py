"""命令：令牌 — which other systems may come in, for what, and until when."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer

from console.cli_accounts import BY_COMMAND
from console.cli_help import line_shown
from console.cli_root import AsJson, say
from workflow.errors import InvalidInput

SCOPE_WORDS = {
    "intake": "报送办件和评价",
    "read": "读差评件",
    "steps": "办理步骤",
    "rulings": "监督和裁决",
    "figures": "指标",
    "search": "按号码查",
}


def register(app: typer.Typer) -> None:
    """Adds `token` and its commands."""
    token = typer.Typer(help="令牌：哪些系统可以接入", no_args_is_help=True)
    token.command("add", help="发一个令牌，只显示这一次")(token_add)
    token.command("list", help="列出令牌")(token_list)
    token.command("revoke", help="作废一个令牌")(token_revoke)
    app.add_typer(token, name="token")


Name = Annotated[str, typer.Argument(help="系统的名称，如 大厅平板")]


def token_add(
    ctx: typer.Context,
    name: Name,
    scopes: Annotated[
        list[str],
        typer.Option(
            "--scope",
            help="可做什么，可重复：" + "、".join(f"{k} {v}" for k, v in SCOPE_WORDS.items()),
        ),
    ],
    unit: Annotated[
        str | None, typer.Option(help="单位：代码、名称或别名；写了就只见这个单位的")
    ] = None,
    days: Annotated[int, typer.Option(help="有效天数")] = 365,
    as_json: AsJson = False,
) -> None:
    from console.accounts.tokens import make_token  # noqa: PLC0415
    from console.wiring import office  # noqa: PLC0415

    with office(ctx.obj.data) as opened:
        secret = make_token(opened, name, scopes_of(scopes), unit, days=days, by=BY_COMMAND)
    say(as_json, {"name": name, "token": secret}, f"{name} 的令牌，只显示这一次：\n{secret}")


def scopes_of(words: list[str]) -> Any:
    """The scopes of these words. Raises InvalidInput."""
    from console.accounts.tokens import Scope  # noqa: PLC0415

    for word in words:
        if word not in SCOPE_WORDS:
            raise InvalidInput("scopes", word, f"没有这个范围；有：{'、'.join(SCOPE_WORDS)}")
    return [Scope(word) for word in words]


def token_list(ctx: typer.Context, as_json: AsJson = False) -> None:
    from console.accounts.tokens import listed  # noqa: PLC0415
    from console.wiring import office  # noqa: PLC0415
    from workflow.clock import instant  # noqa: PLC0415

    with office(ctx.obj.data) as opened, opened.database.read() as conn:
        found, now = listed(conn), opened.wall()
        zone = opened.rulebook.in_force(now).zone
    rows: list[dict[str, Any]] = [
        {
            "name": row.name,
            "scopes": row.scopes,
            "unit": row.unit,
            "expires": instant(row.expires_at).astimezone(zone).date().isoformat(),
            "state": row.state(now),
        }
        for row in found
    ]
    if as_json:
        typer.echo(json.dumps(rows, ensure_ascii=False))
        return
    for told in rows:
        scopes = "、".join(SCOPE_WORDS[scope] for scope in told["scopes"])
        words = (told["name"], scopes, told["unit"], f"至 {told['expires']}", told["state"])
        typer.echo(line_shown("  ".join(filter(None, words))))
    typer.echo(f"共 {len(rows)} 个")


def token_revoke(ctx: typer.Context, name: Name, as_json: AsJson = False) -> None:
    from console.accounts.tokens import revoke_token  # noqa: PLC0415
    from console.wiring import office  # noqa: PLC0415

    with office(ctx.obj.data) as opened:
        revoke_token(opened, name, BY_COMMAND)
    say(as_json, {"name": name}, f"已作废：{name}")
