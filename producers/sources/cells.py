"""归集: the cells of one row, made fit to be read."""

import re
from collections.abc import Mapping, MutableMapping, Sequence

from producers.sources.problems import Problem
from schemas.text import clean, is_clean

_KEYS = frozenset({"projectNo", "serviceNumber", "assessNumber"})
_LONG_NUMBERS = (*sorted(_KEYS), "deptCode", "taskCode", "mobile", "certKey")
PROMISED = re.compile(r"0|[1-9][0-9]{0,3}")
_ROUNDED = re.compile(r"[0-9](?:[.][0-9]+)?[Ee][+][0-9]+")


def agreeing(
    columns: Sequence[str | None], cells: Sequence[str], wrong: list[Problem]
) -> list[str]:
    """The cells, with what one of two columns of the same meaning says written into both."""
    said: dict[str | None, str] = {}
    for column, cell in zip(columns, cells, strict=True):
        if column and (text := cell.strip()) and said.setdefault(column, text) != text:
            wrong.append(Problem(column, text, "两栏内容不一致"))
    return [said.get(column, "") for column in columns]


def cleaned(columns: Sequence[str | None], cells: Sequence[str], wrong: list[Problem]) -> list[str]:
    """The cells as `clean` leaves them; it is wrong if that changes a key."""
    for column, cell in zip(columns, cells, strict=True):
        if column in _KEYS and not is_clean(cell):
            # Cleaning could make two keys one.
            wrong.append(Problem(str(column), clean(cell), "含控制字符或乱码"))
    return [clean(cell) for cell in cells]


def spoilt_by_spreadsheets(values: Mapping[str, object], wrong: list[Problem]) -> None:
    """Long numbers rounded, or a key that is still a formula."""
    for name in _LONG_NUMBERS:
        text = values.get(name)
        if isinstance(text, str) and "+" in text and _ROUNDED.fullmatch(text):
            reason = "像是被电子表格改写成了科学计数，请把该列存为文本"
            wrong.append(Problem(name, text, reason))
    if str(values.get("projectNo", "")).startswith("="):
        wrong.append(Problem("projectNo", str(values["projectNo"]), "是公式，不是编号"))


def promised(values: MutableMapping[str, object], wrong: list[Problem]) -> None:
    """What was promised as a number, which needs its unit: five days are not five working days.
    None is promised by 0, which is sent of what is done at once.
    """
    text = str(values.pop("promiseDay"))
    if text in ("", "0"):
        return
    if PROMISED.fullmatch(text):
        values["promiseDay"] = int(text)
    else:
        wrong.append(Problem("promiseDay", text, "须是 0 至 9999 的整数"))
    if "promiseType" not in values and all(problem.field != "promiseType" for problem in wrong):
        wrong.append(Problem("promiseType", "", "写了承诺时限，须写它的单位"))
