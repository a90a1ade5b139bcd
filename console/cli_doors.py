"""命令: a sub-command for every door, made from the door's own signature; built only when its
group is asked for.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Annotated, Any, ClassVar, get_type_hints

import typer
from typer import _click as click  # typer carries its own click
from typer.core import TyperGroup

from console.cli_help import plain
from console.cli_processes import citizen_page
from console.cli_root import AsJson
from console.door_words import HELP, command_name, help_of

GROUPS = {
    "hotline": ("热线：核实、派单、审核、回访、代群众登记", "hotline"),
    "department": ("部门：签收、退回、延期、申诉、整改反馈", "departments"),
    "citizen": ("群众：凭链接再评价、异议、反映打击报复；不写子命令即群众页", "citizens"),
    "supervisor": ("监督：督办、裁决、复核、日历与规则生效", "supervisors"),
}

POSITIONAL = ("subject", "token", "project_no", "service_number")
OPTION = {"account": "--as", "expected_version": "--expect"}


class Doors(TyperGroup):
    """A group whose commands are the doors of its party, imported when first looked at."""

    party: ClassVar[str]

    def list_commands(self, ctx: click.Context) -> list[str]:
        self._fill()
        return super().list_commands(ctx)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        self._fill()
        return super().get_command(ctx, cmd_name)

    def _fill(self) -> None:
        if self.commands:
            return
        from schemas import EVENTS  # noqa: PLC0415  # only now are the models needed
        from workflow.door import DOORS  # noqa: PLC0415

        app = typer.Typer()
        import_module(f"producers.{GROUPS[self.party][1]}")
        order = [event.__name__ for event in EVENTS]
        doors = DOORS[GROUPS[self.party][1]]
        for door, _, _ in sorted(doors, key=lambda door: order.index(door[1].__name__)):
            app.command(command_name(door), help=inspect.getdoc(door))(_command(self.party, door))
        for name, command in typer.main.get_group(app).commands.items():
            plain(command)
            self.commands[name] = command


def register(app: typer.Typer) -> None:
    """Adds one group for each party."""
    for party, (text, _) in GROUPS.items():
        group = type(f"{party.title()}Doors", (Doors,), {"party": party})
        made = typer.Typer(cls=group, help=text, no_args_is_help=party != "citizen")
        if party == "citizen":
            made.callback(invoke_without_command=True, help=text)(citizen_page)
        app.add_typer(made, name=party)


def _command(party: str, door: Callable[..., Any]) -> Callable[..., None]:
    """The door as typer wants it: the context first, then arguments and options with their help."""
    hints = get_type_hints(door, include_extras=True)
    shown = [
        _parameter(party, door, parameter, hints[name])
        for name, parameter in inspect.signature(door).parameters.items()
        if name != "ledger" and parameter.kind is not inspect.Parameter.VAR_KEYWORD
    ]
    if "step" in inspect.signature(door).parameters:
        shown += [_shared("key", str), _shared("expected_version", int)]
    machine = inspect.Parameter(
        "as_json",
        inspect.Parameter.KEYWORD_ONLY,
        default=False,
        annotation=AsJson,
    )
    context = inspect.Parameter(
        "ctx", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=typer.Context
    )

    def command(ctx: typer.Context, as_json: bool = False, **given: Any) -> None:
        _record(ctx, door, as_json, given)

    command.__signature__ = inspect.Signature([context, *shown, machine])  # type: ignore[attr-defined]
    command.__annotations__ = {p.name: p.annotation for p in (context, *shown, machine)}
    return command


def _parameter(
    party: str, door: Callable[..., Any], parameter: inspect.Parameter, hint: Any
) -> inspect.Parameter:
    name = parameter.name
    text = help_of(party, door, name)
    if name in POSITIONAL:
        shown = "ID" if name == "subject" else name.upper()
        extra: Any = typer.Argument(help=text, metavar=shown)
    elif name == "account":
        extra = typer.Option(OPTION[name], help=text, envvar="BIHUAN_AS", metavar="账号")
    elif name in OPTION:
        extra = typer.Option(OPTION[name], help=text)
    else:
        extra = typer.Option(help=text)
    return inspect.Parameter(
        name,
        inspect.Parameter.KEYWORD_ONLY,
        default=[] if parameter.default == () else parameter.default,
        annotation=Annotated[_plain(hint), extra],
    )


def _shared(name: str, kind: Any) -> inspect.Parameter:
    extra = typer.Option(OPTION.get(name, f"--{name}"), help=HELP[name])
    annotation = Annotated[kind | None, extra]
    return inspect.Parameter(
        name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=annotation
    )


def _plain(hint: Any) -> Any:
    """What a command line can carry: times come as text, several values as a list."""
    if hint in (bool, int, str):
        return hint
    text = str(hint)
    if "Sequence" in text:
        return list[str]
    for kind in (bool, int):
        if text == f"{kind.__name__} | None":
            return kind | None
    return str | None if "None" in text else str


def _record(
    ctx: typer.Context, door: Callable[..., Any], machine: bool, given: Mapping[str, Any]
) -> None:
    from console.cli_answers import answer  # noqa: PLC0415  # opening an office takes its time
    from console.wiring import office  # noqa: PLC0415

    places = [name for name in POSITIONAL if name in given]
    named = {name: value for name, value in given.items() if name not in places}
    with office(ctx.obj.data) as opened:
        done = door(opened.ledger, *(given[name] for name in places), **named)
        for line in answer(opened, door, done, machine):
            typer.echo(line)
