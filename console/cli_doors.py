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
from console.cli_root import AsJson

GROUPS = {
    "hotline": ("热线：核实、派单、审核、回访、代群众登记", "hotline"),
    "department": ("部门：签收、退回、延期、申诉、整改反馈", "departments"),
    "citizen": ("群众：凭链接再评价、提出异议、反映打击报复", "citizens"),
    "supervisor": ("监督：督办、裁决、复核、日历与规则生效", "supervisors"),
}

HELP = {
    "subject": "差评件编号，如 CP21-0125",
    "token": "发给群众的链接码",
    "project_no": "办件编号",
    "service_number": "第几次服务",
    "account": "谁在办：账号",
    "role": "以什么身份办",
    "unit": "单位：代码、名称或别名",
    "key": "请求键：同一个键重复提交，只办一次",
    "expected_version": "您看到的版本；其间有人办理过就不办",
    "ticket": "12345热线自己的工单号",
    "reason": "理由",
    "outcome": "通话结果：answered 接通、no_answer 无人接听、busy 占线、refused 拒绝受访、"
    "powered_off 关机、out_of_service 停机、wrong_number 号码有误、call_later 约定再拨",
    "next_call_at": "约定再拨的时间，带时区，如 2021-10-21T15:00:00+08:00",
    "recording": "录音编号",
    "note": "说明",
    "by": "怎样核实的：call 电话、fact_check 事实核查",
    "reason_code": "核实后的差评原因代码，如 109",
    "case_class": "clear 情况清楚、complex 情况复杂、no_basis 缺乏法定依据",
    "show_service_number": "群众同意向单位透露办件号",
    "verdict": "结论：invalid 无效、unverifiable 无法核实、malicious 恶意（只在复核、终裁时）",
    "ground": "无效的原因：misoperation 误操作、duplicate 重复、out_of_scope 不属受理范围",
    "assisting": "协办单位，可重复",
    "answer": "群众的答复",
    "channel": "邀请方式：message 短信、link 链接",
    "level": "满意度：5 非常满意、4 满意、3 基本满意、2 不满意、1 非常不满意",
    "contacted": "联系过群众没有",
    "solved": "问题解决了没有",
    "words": "群众的原话",
    "rectified": "是否已整改",
    "legal_basis": "法律依据",
    "suggested_unit": "建议由哪个单位办",
    "working_days": "工作日数",
    "question": "请热线代问的话",
    "facts": "查明的事实",
    "cause": "原因",
    "measures": "措施",
    "reply": "给群众的答复，原文念给群众听",
    "signed_by": "签批人的姓名和职务",
    "post": "责任岗位：window 窗口岗、acceptance 受理岗、approval 审批岗、back_office 后台岗、"
    "system 信息系统岗、management 管理岗、other 其他岗位",
    "attachments": "已在网页上传的附件编号，可重复",
    "kind": "rectified 已整改、explained 解释说明（须写法律依据）",
    "phone": "联系电话；查不到就不填",
    "limit": "哪项时限，如 rectify",
    "decision": "reassign 重新派单、close_unresolved 按未解决办结、dismiss 结案",
    "version": "版本",
    "notice": "所依据的通知",
    "working": "上班的日子，可重复，如 2021-09-18",
    "off": "放假的日子，可重复",
    "published_year": "已公布全年放假安排的年份",
    "effective_at": "生效时间，带时区",
    "profile": "规则名，如 zibo",
}
OF_DOOR = {
    ("supervisor", "order-supervision", "ground"): "为何督办：manual 人工、overdue 超期、"
    "dissatisfied 回访不满意、second_round 二次办理",
    ("hotline", "release", "reason"): "done 办完、handed_over 交接、end_of_shift 下班",
    ("supervisor", "release", "reason"): "done 办完、handed_over 交接、end_of_shift 下班",
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
        app.add_typer(
            typer.Typer(cls=group, help=text, no_args_is_help=True),
            name=party,
        )


def command_name(door: Callable[..., Any]) -> str:
    return door.__name__.replace("_", "-")


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
    text = OF_DOOR.get((party, command_name(door), name), HELP[name])
    if name in POSITIONAL:
        shown = "ID" if name == "subject" else name.upper()
        extra: Any = typer.Argument(help=text, metavar=shown)
    elif name == "account":
        extra = typer.Option(OPTION[name], help=text, envvar="BIHUAN_AS", metavar="ACCOUNT")
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
