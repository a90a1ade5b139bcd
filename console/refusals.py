"""A refusal as a person or a machine reads it: one Chinese line or one JSON object, and the exit
code that goes with it.
"""

from __future__ import annotations

import json
from typing import Any

from console.cli_help import line_shown
from workflow import errors

EXITS = {
    0: "办妥",
    1: "意外出错，或检查发现问题",
    2: "用法不对，或填报内容有误",
    3: "被拒绝：这一步现在不能办，或没有权限",
    4: "没有这件差评（别的单位的件，对本单位等于没有）",
    5: "此件刚被别人办理过，或请求键已用于别的办理",
    6: "检查发现数据有损坏",
    7: "正忙，或数据库、消息服务连不上：稍后再试",
    8: "密钥不对，或数据库旁没有密钥",
    9: "写不进去：磁盘已满，或没有数据库、消息服务的权限",
}
"""What each exit code means; printed in --help and in the documentation."""

FIELD_WORDS = {
    "account": "账号",
    "password": "密码",
    "roles": "身份",
    "succeeds": "接替",
    "scopes": "范围",
    "role": "身份",
    "key": "请求键",
    "start": "起点",
    "from": "开始",
    "to": "结束",
    "period": "统计期",
    "tier": "层级",
    "last4": "电话后四位",
    "token": "链接码",
    "source": "来源",
    "file": "文件",
    "profile": "规则",
    "zone": "时区",
    "phone": "电话",
    "name": "名称",
    "place": "位置",
    "format": "格式",
    "act": "办理事项",
    "after": "从哪条之后",
    "aliases": "别名",
    "code": "代码",
    "days": "天数",
    "effective": "生效日期",
    "effective_at": "生效时间",
    "escalation": "预警",
    "expected_version": "所见的版本",
    "header": "表头",
    "headers": "消息头",
    "held": "持有的链接",
    "hours": "钟点",
    "inherits": "沿用",
    "lane": "通道",
    "link": "链接",
    "notice": "通知",
    "off": "放假日",
    "official": "法定安排",
    "parked": "异常件",
    "partitions": "分区数",
    "replication": "副本数",
    "pause": "停表",
    "port": "端口",
    "pos": "位置",
    "published_year": "已公布到的年份",
    "replaces": "替换哪一年的通知",
    "record": "记录种类",
    "row": "行",
    "table": "表",
    "since": "起点",
    "topic": "主题",
    "version": "版本",
    "working": "补班日",
    "year": "年份",
    "analysis_rules": "分析规则",
    "assignment_rules": "派单规则",
    "data": "数据目录",
    "host": "地址",
    "links": "链接文件",
    "q": "要找的",
    "set": "试算的改动",
    "status": "状态",
    "today": "今天",
    "write": "写入",
    "out": "写到",
}
"""Fields of commands and forms that no timeline shows, beside `wording.FIELDS`."""

_CODES: tuple[tuple[type[errors.BihuanError], int], ...] = (
    (errors.InvalidInput, 2),
    (errors.UnknownComplaint, 4),
    (errors.StaleVersion, 5),
    (errors.KeyReused, 5),
    (errors.Refused, 3),
    (errors.NotLetIn, 2),
    (errors.Unwritable, 9),
    (errors.Transient, 7),
    (errors.WrongKey, 8),
    (errors.Damaged, 6),
)


def exit_code(error: errors.BihuanError) -> int:
    return next((code for kind, code in _CODES if isinstance(error, kind)), 1)


def as_json(error: errors.BihuanError) -> str:
    """The refusal for a machine: its kind, the line a person reads, and its own fields."""
    fields = {name: value for name, value in vars(error).items() if name != "reason"}
    told = line(error, names=True)
    shown: dict[str, Any] = {"error": type(error).__name__, "message": told, **fields}
    if "reason" in vars(error):
        shown["reason"] = vars(error)["reason"]
    return json.dumps(shown, ensure_ascii=False, default=str)


def line(error: errors.BihuanError, *, names: bool = False) -> str:
    """The refusal for a person: what is wrong, and what can be done now. `names`: beside its word
    the field's name, as a command or a system has it.
    """
    if isinstance(error, errors.IllegalStep):
        return _illegal(error)
    if isinstance(error, errors.StaleVersion):
        from console.wording import event_name  # noqa: PLC0415  # only a refusal needs it

        changed = "、".join(event_name(event) for event in error.changed)
        since = f"，其间有人办理：{changed}" if changed else ""
        return (
            f"{error.subject} 刚刚变动过：您看到的是第 {error.expected} 版，"
            f"现为第 {error.current} 版{since}。请看过再办"
        )
    if isinstance(error, errors.KeyReused) and not names:  # nobody at a page knows of keys
        return "这张表刚才已经提交过，这次的内容不同。请看过经过，仍要办的再提交一次"
    told = line_shown(str(error))
    if isinstance(error, errors.InvalidInput):
        from console.wording import FIELDS  # noqa: PLC0415  # only a refusal needs it

        word = FIELD_WORDS.get(error.field) or FIELDS.get(error.field)
        shown = f"{word}（{error.field}）" if names else word
        told = told.replace(f"{error.field}：", f"{shown}：", 1) if word else told
        return told if names else told.replace(error.reason, _labelled(error), 1)
    return told


def _labelled(error: errors.InvalidInput) -> str:
    """Its reason, with the codes that may stand there as people call them."""
    from console.wording import VALUES  # noqa: PLC0415  # only a refusal needs them
    from workflow.said import ONLY  # noqa: PLC0415

    if not error.reason.startswith(ONLY):
        return error.reason
    labels = VALUES.get(error.field, {})
    codes = error.reason.removeprefix(ONLY).split("、")
    return ONLY + "、".join(labels.get(code.partition(" ")[0], code) for code in codes)


def _illegal(error: errors.IllegalStep) -> str:
    from console.wording import event_name, state_name  # noqa: PLC0415  # only a refusal needs them

    allowed = "、".join(event_name(event) for event in error.allowed) or "（您没有可办的步骤）"
    refused = f"“{state_name(error.state)}”时不能办理“{event_name(error.event)}”：{error.reason}"
    return f"{refused}。现在可以办理：{allowed}"
