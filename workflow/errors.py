"""What goes wrong, by what the caller does: ask differently, try again, stop and look; pure."""

import json

__all__ = [
    "Away",
    "BihuanError",
    "Busy",
    "Damaged",
    "IllegalStep",
    "InvalidInput",
    "KeyReused",
    "NotPermitted",
    "Refused",
    "SignInRefused",
    "StaleVersion",
    "Transient",
    "UnknownComplaint",
    "Unwritable",
    "WrongKey",
]

HIDDEN = "（不显示）"
"""Stands for a value that no refusal shows: a password, a number, a link."""

_SHOWN = 120


def _shown(value: object) -> str:
    """A rejected value as one short printable line, whatever was sent."""
    text = _spelt(value).encode("utf-8", "backslashreplace").decode("utf-8")
    text = "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in text[: _SHOWN + 1])
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "…"


def _spelt(value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool | float | list | dict):
        return json.dumps(value, ensure_ascii=False, skipkeys=True, default=repr)
    return repr(value)


class BihuanError(Exception):
    """闭环处理出错。

    BihuanError
    ├── Refused               the caller must ask for something else
    │   ├── IllegalStep       the step is not in the table here; says what is
    │   ├── NotPermitted      this person may not
    │   ├── SignInRefused     nobody is signed in by this; never says why
    │   ├── UnknownComplaint  no such complaint, or not for this person
    │   ├── StaleVersion      someone else has just changed it
    │   ├── KeyReused         the command key already stands for another command
    │   └── InvalidInput      a field's value cannot be taken
    ├── Transient             try again
    │   ├── Busy              the database is occupied
    │   ├── Away              the database, or the broker, cannot be reached
    │   └── Unwritable        no room, or no right to write
    ├── WrongKey              bring the key that belongs to the database
    └── Damaged               stop and look
    """

    def __init__(self, message: str | None = None) -> None:
        lines = (type(self).__doc__ or "").strip().splitlines()
        super().__init__(message or (lines[0] if lines else type(self).__name__))

    def __reduce__(self) -> tuple[object, ...]:
        # The default would call the subclass with its message only; process pools send these.
        return _revived, (type(self), self.args, self.__dict__)


def _revived(
    kind: type[BihuanError], args: tuple[object, ...], state: dict[str, object]
) -> BihuanError:
    error = kind.__new__(kind, *args)
    error.__dict__.update(state)
    return error


class Refused(BihuanError):
    """不能照办，请改提其他要求。"""


class IllegalStep(Refused):
    """当前状态不能办理这一步。"""

    def __init__(self, event: str, state: str, reason: str, allowed: tuple[str, ...] = ()) -> None:
        self.event, self.state, self.reason, self.allowed = event, state, reason, tuple(allowed)
        can = "、".join(self.allowed) or "（无）"
        super().__init__(f"“{state}”状态下不能办理“{event}”：{reason}。现在可以办理：{can}")


class NotPermitted(Refused):
    """没有办理权限。"""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(f"没有办理权限：{reason}")


class SignInRefused(Refused):
    """账号或密码不对，或这个账号现在不能登录。连错 5 次锁定 15 分钟；忘了密码请找管理员。"""


class UnknownComplaint(Refused):
    """没有这件差评。"""

    def __init__(self, subject: str) -> None:
        self.subject = subject
        what = "工单" if subject.startswith("GD") else "差评件"
        super().__init__(f"没有编号为“{_shown(subject)}”的{what}")


class StaleVersion(Refused):
    """此件刚刚被别人办理过，请刷新后再办。"""

    def __init__(
        self, subject: str, expected: int, current: int, changed: tuple[str, ...] = ()
    ) -> None:
        self.subject, self.expected, self.current = subject, expected, current
        self.changed = tuple(changed)
        what = f"，其间：{'、'.join(self.changed)}" if self.changed else ""
        super().__init__(
            f"差评件 {_shown(subject)} 刚刚被别人办理过"
            f"（您看到第 {expected} 版，现为第 {current} 版{what}），请刷新后再办"
        )


class KeyReused(Refused):
    """同一个请求键已用于另一项办理。"""

    def __init__(self, key: str) -> None:
        self.key = key
        super().__init__(f"请求键“{_shown(key)}”已用于另一项办理，请换一个键")


class InvalidInput(Refused):
    """填报内容有误。"""

    def __init__(self, field: str, value: object, reason: str, row: int | None = None) -> None:
        self.field, self.value, self.reason, self.row = field, value, reason, row
        where = f"第 {row} 行，" if row is not None else ""
        given = "" if value in ("", None, HIDDEN) else f"（收到：{_shown(value)}）"
        super().__init__(f"{where}{_shown(field)}：{reason}{given}")


class Transient(BihuanError):
    """暂时办不了，请稍后重试。"""


class Busy(Transient):
    """数据库正忙，请稍后重试。"""


class Away(Transient):
    """数据库暂时连不上，请稍后重试。"""


class NotLetIn(Away):
    """数据库不让进：地址、库名、角色或密码不对，请改好设置。"""


class Unwritable(Transient):
    """数据写不进去：磁盘已满，或没有写的权限。什么也没有记录。"""


class MovedAway(Unwritable):
    """数据库已搬走，这里不再记录，什么也没有记录。请关掉这个程序，重新启动后接着办。"""


class WrongKey(BihuanError):
    """密钥与数据库不符。请放回这个数据库自己的密钥，什么也没有改动。"""


class Damaged(BihuanError):
    """数据有损坏，请停止办理并检查。"""
