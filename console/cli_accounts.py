"""命令：账号 — who may sign in to the console."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, BinaryIO

import typer

from console.cli_help import line_shown
from console.cli_root import AsJson, say
from workflow import said
from workflow.errors import InvalidInput

if TYPE_CHECKING:
    from console.accounts.roster_reading import Roster
    from console.wiring import Office

BY_COMMAND = "命令行"
"""Who does it, where somebody does who can open the data folder."""

Account = Annotated[str, typer.Argument(help="账号")]
Name = Annotated[str, typer.Option(help="姓名")]
Roles = Annotated[
    list[str],
    typer.Option(
        "--role",
        help="身份，可重复：话务员、复核人、责任单位、单位数据员、监督员、"
        "管理员、审计员、信息科；也可写代码，如 operator",
    ),
]
Unit = Annotated[str | None, typer.Option(help="单位：代码、名称或别名")]


def register(app: typer.Typer) -> None:
    """Adds `account` and its commands."""
    account = typer.Typer(help="账号：谁可以登录控制台", no_args_is_help=True)
    account.command("first", help="设第一名管理员，给出设密码的链接")(account_first)
    account.command("add", help="建一个账号，给出设密码的链接")(account_add)
    account.command("list", help="列出账号")(account_list)
    account.command("roles", help="改一个账号的身份和单位；已登录的随即退出")(account_roles)
    account.command("link", help="发一个新的设密码链接，以前的作废")(account_link)
    account.command("unlock", help="解除锁定；下次登录须改密码")(account_unlock)
    account.command("disable", help="停用账号，已登录的随即退出；--undo 恢复")(account_disable)
    account.command("import", help="按名册建、改账号；有一处不对就全部不办")(account_import)
    app.add_typer(account, name="account")


def account_first(
    ctx: typer.Context,
    account: Annotated[str, typer.Argument(help="账号")] = "admin",
    name: Name = "管理员",
    as_json: AsJson = False,
) -> None:
    from console.accounts.setup import first_administrator  # noqa: PLC0415
    from console.wiring import office  # noqa: PLC0415

    with office(ctx.obj.data) as opened:
        secret = first_administrator(opened, account, name, BY_COMMAND)
        _say_link(opened, account, secret, as_json)


def account_add(
    ctx: typer.Context,
    account: Account,
    name: Name,
    roles: Roles,
    unit: Unit = None,
    as_json: AsJson = False,
) -> None:
    from console.accounts.register import add, person  # noqa: PLC0415
    from console.accounts.roles import role_of  # noqa: PLC0415
    from console.accounts.setup import make_link  # noqa: PLC0415
    from console.wiring import office  # noqa: PLC0415

    with office(ctx.obj.data) as opened:
        new = person(opened, account, name, map(role_of, roles), unit)
        add(opened, new, BY_COMMAND)
        _say_link(opened, new.account, make_link(opened, new.account, BY_COMMAND), as_json)


def account_list(ctx: typer.Context, as_json: AsJson = False) -> None:
    from console.accounts.register import listed  # noqa: PLC0415
    from console.wiring import office  # noqa: PLC0415
    from workflow.states import ROLE_NAMES  # noqa: PLC0415

    with office(ctx.obj.data) as opened, opened.database.read() as conn:
        found, now = listed(conn), opened.wall()
    if as_json:
        rows = [
            {
                "account": row.person.account,
                "name": row.person.name,
                "roles": row.person.roles,
                "unit": row.person.unit,
                "state": row.state(now),
            }
            for row in found
        ]
        typer.echo(json.dumps(rows, ensure_ascii=False))
        return
    for row in found:
        roles = "、".join(ROLE_NAMES[role] for role in row.person.roles)
        told = (row.person.account, row.person.name, roles, row.person.unit, row.state(now))
        typer.echo(line_shown("  ".join(filter(None, told))))
    hint = "还没有账号。设第一名管理员：bihuan account first"
    typer.echo(f"共 {len(found)} 个" if found else hint)


def account_roles(
    ctx: typer.Context, account: Account, roles: Roles, unit: Unit = None, as_json: AsJson = False
) -> None:
    from console.accounts.register import change, existing, person  # noqa: PLC0415
    from console.accounts.roles import role_of  # noqa: PLC0415
    from console.wiring import office  # noqa: PLC0415

    with office(ctx.obj.data) as opened:
        with opened.database.read() as conn:
            name = existing(conn, account).name
        to = person(opened, account, name, map(role_of, roles), unit)
        change(opened, to, BY_COMMAND)
    shown = {"account": to.account, "roles": to.roles, "unit": to.unit}
    say(as_json, shown, f"已改：{to.account}")


def account_link(ctx: typer.Context, account: Account, as_json: AsJson = False) -> None:
    from console.accounts.setup import make_link  # noqa: PLC0415
    from console.wiring import office  # noqa: PLC0415

    with office(ctx.obj.data) as opened:
        _say_link(opened, account, make_link(opened, account, BY_COMMAND), as_json)


def account_unlock(ctx: typer.Context, account: Account, as_json: AsJson = False) -> None:
    from console.accounts.register import unlock  # noqa: PLC0415
    from console.wiring import office  # noqa: PLC0415

    with office(ctx.obj.data) as opened:
        unlock(opened, account, BY_COMMAND)
    say(as_json, {"account": account}, f"已解锁：{account}，下次登录须改密码")


def account_disable(
    ctx: typer.Context,
    account: Account,
    undo: Annotated[bool, typer.Option("--undo", help="恢复停用的账号")] = False,
    as_json: AsJson = False,
) -> None:
    from console.accounts.register import disable, enable  # noqa: PLC0415
    from console.wiring import office  # noqa: PLC0415

    with office(ctx.obj.data) as opened:
        (enable if undo else disable)(opened, account, BY_COMMAND)
    say(as_json, {"account": account}, f"已{'恢复' if undo else '停用'}：{account}")


def account_import(
    ctx: typer.Context,
    file: Annotated[
        Path, typer.Argument(help="XLSX 或 CSV，列为 账号,姓名,身份,单位,手机号[,接替]")
    ],
    links: Annotated[
        Path | None, typer.Option(metavar="文件", help="新账号的设密码链接写到这个 XLSX 文件")
    ] = None,
    check: Annotated[bool, typer.Option("--check", help="只看会改什么，不办")] = False,
    as_json: AsJson = False,
) -> None:
    from console.accounts.roster_reading import read_roster  # noqa: PLC0415
    from console.wiring import office  # noqa: PLC0415

    with office(ctx.obj.data) as opened:
        with _reading(file) as stream:
            found = read_roster(opened, stream, file.name)
        for error in () if as_json else found.errors:
            told = f"第 {error.row} 行，{error.field}：{error.reason}"
            typer.echo(line_shown(told), err=True)
        if not check:
            _take(opened, found, links)
    shown: dict[str, Any] = {"new": len(found.new), "changed": len(found.changed)}
    told = f"新建 {shown['new']}，修改 {shown['changed']}，有误 {len(found.errors)}"
    shown["errors"] = [asdict(error) for error in found.errors]
    say(as_json, shown, f"{'检查（没有办）' if check else '已办'}：{told}")


def _reading(file: Path) -> BinaryIO:
    try:
        return file.open("rb")
    except OSError as error:
        raise InvalidInput("file", file.name, f"打不开：{said.of_system(error)}") from error


def _take(office: Office, found: Roster, links: Path | None) -> None:
    """The links' file is made before anything is done: without it they would be lost."""
    from console.accounts.roster import links_sheet, take_roster  # noqa: PLC0415

    if found.new and not found.errors and links is None:
        raise InvalidInput("links", "", "有新账号：用 --links 写明设密码链接存到哪个文件")
    if links is None or not found.new or found.errors:
        take_roster(office, found, BY_COMMAND)
        return
    try:
        handle = os.open(links, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise InvalidInput("links", str(links), f"写不了：{said.of_system(error)}") from error
    with os.fdopen(handle, "wb") as file:
        secrets = take_roster(office, found, BY_COMMAND)
        file.write(links_sheet(office, secrets, office.settings.url))


def _say_link(office: Office, account: str, secret: str, as_json: bool) -> None:
    from console.accounts.setup import link_text  # noqa: PLC0415

    link = link_text(office.settings.url, secret)
    say(as_json, {"account": account, "link": link}, f"{account} 的设密码链接，72 小时内用一次：")
    if not as_json:
        typer.echo(link)
