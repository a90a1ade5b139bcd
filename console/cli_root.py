"""命令: the root of the command line: global options wherever they stand, refusals and usage
errors in Chinese.
"""

from __future__ import annotations

import codecs
import io
import json
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
from typer import _click as click  # typer carries its own click; its error classes are only there
from typer._click.exceptions import BadParameter, MissingParameter, NoSuchOption, UsageError
from typer.core import TyperGroup

from console.cli_help import line_shown, plain
from console.refusals import FIELD_WORDS, as_json, exit_code, line
from workflow.errors import BihuanError, InvalidInput

ANYWHERE, MACHINE = "--data", "--json"
OWN_OUTPUT = ("run", "serve", "relay", "consume", "clock", "collect", "demo", "sample")
"""Commands without a result to be told: they go on until they are stopped, or print data."""
SPELT = "bihuan.spelt"
_CHOICES, _CHOICE = re.compile(" is not one of (.+)[.]$"), re.compile("'([^']+)'")
USAGE = 2
INTERRUPTED = 130
STOPPED, STOPPED_JSON = "已中断", '{"error": "Interrupted", "message": "已中断"}'


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked for before the command: `ctx.obj` of every command."""

    data: Path | None
    json: bool


def _anywhere(ctx: typer.Context, given: bool) -> bool:
    return given or bool(ctx.obj.json)


AsJson = Annotated[bool, typer.Option("--json", help="输出 JSON", callback=_anywhere)]
"""A command's own --json; the program's, given before the command, means the same."""


def _spelt(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeEncodeError)
    return json.dumps(error.object[error.start : error.end])[1:-1], error.end


codecs.register_error(SPELT, _spelt)


def spell_out() -> None:
    """From now on a character the terminal lacks is written as JSON writes it, \\u2212."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=SPELT)


def secret(what: str) -> str:
    """What must not stand in a list of commands: typed unseen, or a line of standard input."""
    if sys.stdin.isatty():
        return str(typer.prompt(what, hide_input=True, err=True))
    return sys.stdin.readline().strip()


def say(as_json: bool, shown: dict[str, Any], text: str) -> None:
    """What a command has done: as JSON, or in a line."""
    typer.echo(json.dumps(shown, ensure_ascii=False) if as_json else text)


class Root(TyperGroup):
    """Takes --data before or after the command; ends a refusal with its line and its exit code,
    never a traceback.
    """

    def main(self, args: Sequence[str] | None = None, *rest: Any, **extra: Any) -> Any:
        given = list(sys.argv[1:] if args is None else args)
        extra["standalone_mode"] = False
        try:
            code = super().main(_programs_first(given), *rest, **extra)
        except BihuanError as error:
            typer.echo(as_json(error) if MACHINE in given else line(error, names=True), err=True)
            code = exit_code(error)
        except UsageError as error:
            code = _usage(error, MACHINE in given)
        except (typer.Abort, KeyboardInterrupt):
            typer.echo(STOPPED_JSON if MACHINE in given else STOPPED, err=True)
            code = INTERRUPTED
        raise SystemExit(code if isinstance(code, int) else 0)

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        found = super().resolve_command(ctx, args)
        if ctx.params.get("as_json") and found[0] in OWN_OUTPUT:
            reason = f"{found[0]} 一直运行，或自己印出内容，没有结果可报，不用它"
            raise InvalidInput(MACHINE, "", reason)
        return found

    def make_context(self, *given: Any, **extra: Any) -> click.Context:
        plain(self)
        return super().make_context(*given, **extra)


def _programs_first(args: list[str]) -> list[str]:
    """--data and --json are the whole program's, so people write them at the end as often as at
    the beginning.
    """
    end = args.index("--") if "--" in args else len(args)
    front: list[str] = []
    rest: list[str] = []
    at = 0
    while at < end:
        if args[at] == ANYWHERE and at + 1 < end:
            front += args[at : at + 2]
            at += 2
        else:
            whole = args[at] == MACHINE or args[at].startswith(f"{ANYWHERE}=")
            (front if whole else rest).append(args[at])
            at += 1
    return [*front, *rest, *args[end:]]


def _usage(error: UsageError, machine: bool) -> int:
    """One Chinese line for a usage error; the help itself where a group was called without a
    command.
    """
    if type(error).__name__ == "NoArgsIsHelpError":
        error.show()
        return USAGE
    message = _what_is_wrong(error)
    hint = f"  用法见 {error.ctx.command_path} --help" if error.ctx is not None else ""
    if machine:
        shown = {"error": "Usage", "message": message}
        typer.echo(json.dumps(shown, ensure_ascii=False), err=True)
    else:
        typer.echo(message + hint, err=True)
    return USAGE


def _what_is_wrong(error: UsageError) -> str:
    if isinstance(error, MissingParameter):
        return f"缺少 {_named(error)}"
    if isinstance(error, NoSuchOption):
        near = f"，是不是 {'、'.join(error.possibilities)}？" if error.possibilities else ""
        return f"没有选项 {error.option_name}{near}"
    if isinstance(error, BadParameter):
        return f"{_named(error)} 的值不能用：{_unfit(error)}"
    return _in_chinese(error.message)


def _in_chinese(message: str) -> str:
    if message.startswith("No such command"):
        name, _, near = message.removeprefix("No such command ").partition("Did you mean ")
        return f"没有命令 {name.strip(' .')}" + (f"，是不是 {near.rstrip('?')}？" if near else "")
    if message.startswith("Got unexpected extra argument"):
        return "多出的参数：" + message.rpartition(" (")[2].rstrip(")")
    if message.endswith(" requires an argument."):
        return f"{message.split(chr(39))[1]} 后面要写值"
    return message


def _unfit(error: BadParameter) -> str:
    found: list[Any] = getattr(error.__cause__, "errors", list)()
    if not found:
        return error.message
    from workflow.said import of_model  # noqa: PLC0415  # only a refusal needs it

    choices = _CHOICES.search(found[0]["msg"])
    why = "只能是 " + "、".join(_CHOICE.findall(choices[1])) if choices else of_model(found[0])
    return line_shown(f"{why}（收到：{found[0]['input']}）")


def _named(error: BadParameter) -> str:
    if error.param is None:
        return "参数"
    options = [name for name in error.param.opts if name.startswith("--")]
    word = FIELD_WORDS.get(str(error.param.name), str(error.param.name).upper())
    return options[0] if options else str(error.param.metavar or word)
