"""What the system, the parser of TOML and the models say, in words for those who read it here."""

from __future__ import annotations

import errno
import re

from pydantic_core import ErrorDetails

_SYSTEM = {
    errno.ENOENT: "没有这个文件或文件夹",
    errno.EACCES: "没有权限",
    errno.EPERM: "没有权限",
    errno.EISDIR: "这是文件夹，不是文件",
    errno.ENOTDIR: "路径中间有一段不是文件夹",
    errno.EEXIST: "已经有同名的文件",
    errno.ENOSPC: "磁盘已满",
    errno.EROFS: "磁盘是只读的",
    errno.ENAMETOOLONG: "名字太长",
}
_CHINESE = re.compile("[一-龥]")
_PLACE = re.compile(r"\(at line ([0-9]+), column ([0-9]+)\)$")


def of_system(error: OSError) -> str:
    """Why a file could not be opened or written."""
    return _SYSTEM.get(error.errno or 0, f"系统报错 {error.errno}")


def of_toml(error: Exception) -> str:
    """Where a text is no TOML."""
    if found := _PLACE.search(str(error)):
        return f"不是合格的 TOML：第 {found[1]} 行第 {found[2]} 个字附近写得不对"
    return "不是合格的 TOML：有没写完的地方，或层次太深"


_KINDS = ((dict, "对象"), (list, "数组"), (bool, "是或否"), (object, "文字或数字"))


def of_kind(value: object) -> str:
    """What kind of JSON this is; its numbers are read as they are written, as texts."""
    if value is None:
        return "空值 null"
    return next(word for kind, word in _KINDS if isinstance(value, kind))


UNFIT = "写法不对"
ONLY = "只能是 "
"""Stands before codes, with 、 between them."""

REQUIRED = "必填，不能为空"
MOMENT = "须是时间，如 2021-10-21T15:00:00+08:00"
WITH_ZONE = "时间须带时区，如 2021-10-21T15:00:00+08:00"
_WHOLE = "须是整数"
_ITEMS = "须是一列值"
_OBJECT = "须是一个对象"
_MODELS = {
    "missing": "必填",
    "extra_forbidden": "没有这一项",
    "none_required": "须空着",
    "json_invalid": "不是合格的 JSON",
    "json_type": "须是 JSON",
    "int_type": _WHOLE,
    "int_parsing": _WHOLE,
    "int_parsing_size": "太大，读不了",
    "int_from_float": _WHOLE,
    "float_type": "须是数字",
    "float_parsing": "须是数字",
    "finite_number": "须是有限的数字",
    "bool_type": "须是“是”或“否”",
    "bool_parsing": "须是“是”或“否”",
    "string_type": "须是文字",
    "string_unicode": "须是文字，不能有半个字符",
    "string_too_short": "不能为空",
    "string_too_long": "太长，最多{max_length}字",
    "bytes_type": "须是文字",
    "list_type": _ITEMS,
    "tuple_type": _ITEMS,
    "too_short": "太少，至少{min_length}个",
    "too_long": "太多，最多{max_length}个",
    "dict_type": _OBJECT,
    "mapping_type": _OBJECT,
    "model_type": _OBJECT,
    "model_attributes_type": _OBJECT,
    "timezone_aware": WITH_ZONE,
    "datetime_type": MOMENT,
    "datetime_parsing": MOMENT,
    "datetime_object_invalid": MOMENT,
    "datetime_from_date_parsing": MOMENT,
    "date_type": "须是日期，如 2021-10-21",
    "date_parsing": "须是日期，如 2021-10-21",
    "date_from_datetime_parsing": "须是日期，如 2021-10-21",
    "greater_than": "须大于{gt}",
    "greater_than_equal": "不得小于{ge}",
    "less_than": "须小于{lt}",
    "less_than_equal": "不得大于{le}",
}


_FAILURES = {
    "ConnectionRefusedError": "对方没有开着，连不上",
    "ConnectionResetError": "对方断开了连接",
    "BrokenPipeError": "对方断开了连接",
    "RemoteDisconnected": "对方断开了连接",
    "TimeoutError": "对方迟迟没有回应",
    "URLError": "连不上对方",
    "HTTPError": "对方没有收下",
    "gaierror": "查不到对方的地址",
    "PermissionError": "没有权限",
    "FileNotFoundError": "没有这个文件或文件夹",
    "OperationalError": "数据库没有办成",
    "MemoryError": "内存不够",
}


def of_failure(told: str) -> str:
    """What a failure noted as `Kind: what it says` means; empty where that is not known. What is
    Chinese is our own words already.
    """
    kind, _, more = told.partition(":")
    name = kind.strip().rpartition(".")[2]
    if _CHINESE.search(told):
        return more.strip() if name.isascii() and name.isidentifier() else told
    return _FAILURES.get(name, "")


KEY = "^[!-~]{1,50}$"
"""What a system may call its request by."""

_PATTERNS = {KEY: "须是 1 至 50 个英文字母、数字或英文符号，不含空格"}


def of_model(found: ErrorDetails) -> str:
    """What a model found wrong; never with what was sent, nor in pydantic's own words."""
    kind, context = found["type"], found.get("ctx", {})
    if kind in ("literal_error", "enum"):
        expected = str(context["expected"]).replace("'", "").replace(" or ", ", ")
        return ONLY + "、".join(expected.split(", "))
    if kind == "string_pattern_mismatch":
        return _PATTERNS.get(context["pattern"], UNFIT)
    if kind in _MODELS:
        return _MODELS[kind].format(**context)
    # What our own checks say has no prefix but pydantic's, and is Chinese.
    ours = found["msg"].removeprefix("Value error, ").removeprefix("Assertion failed, ")
    return ours if _CHINESE.search(ours) else UNFIT
