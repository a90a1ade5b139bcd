"""规则取值: what each setting of a profile may be; all else is refused; pure."""

from collections.abc import Callable
from datetime import date
from typing import Any, Final, get_args

from workflow.calendar import End, Limit, StartRule
from workflow.errors import InvalidInput

__all__ = ["RULES", "date_of", "flag_of", "limit_of", "one_of", "text_of"]

_CHANNELS: Final = ("call", "message", "link")


def flag_of(value: Any, field: str) -> bool:
    """true or false; InvalidInput otherwise."""
    if not isinstance(value, bool):
        raise InvalidInput(field, value, "须是 true 或 false")
    return value


def _number(low: int, high: int) -> Callable[[Any, str], int]:
    def check(value: Any, field: str) -> int:
        if type(value) is not int or not low <= value <= high:
            raise InvalidInput(field, value, f"须是 {low} 至 {high} 的整数")
        return value

    return check


def one_of(*known: str) -> Callable[[Any, str], str]:
    """A check that a value is one of the known words."""

    def check(value: Any, field: str) -> str:
        if value not in known:
            raise InvalidInput(field, value, f"须是 {'、'.join(known)} 之一")
        return str(value)

    return check


def limit_of(value: Any, field: str) -> Limit:
    """A limit as Limit.parse reads it; InvalidInput otherwise."""
    try:
        return Limit.parse(value)
    except InvalidInput as error:
        raise InvalidInput(field, value, error.reason) from error


def _days_of(value: Any, field: str) -> Limit:
    limit = limit_of(value, field)
    if not limit.in_days:
        raise InvalidInput(field, value, "须以工作日或自然日计")
    return limit


def _channels_of(value: Any, field: str) -> tuple[str, ...]:
    if not isinstance(value, list) or not value or len(set(map(str, value))) != len(value):
        raise InvalidInput(field, value, f"须是不重复的列表，取自 {'、'.join(_CHANNELS)}")
    return tuple(one_of(*_CHANNELS)(item, field) for item in value)


def text_of(value: Any, field: str) -> str:
    """A text of 1 to 300 characters; InvalidInput otherwise."""
    from schemas.text import tidied  # noqa: PLC0415  # the events' models take their time

    if not isinstance(value, str) or not 0 < len(tidied(value)) <= 300:
        raise InvalidInput(field, value, "须是 1 至 300 个字的文字")
    return value


def date_of(value: Any, field: str) -> date:
    """A TOML date; InvalidInput otherwise."""
    if type(value) is not date:
        raise InvalidInput(field, value, "须是日期，如 2021-01-01")
    return value


RULES: Final[dict[str, Callable[[Any, str], Any]]] = {
    "verify_first": flag_of,
    "review": flag_of,
    "start_rule": one_of(*get_args(StartRule)),
    "end": one_of(*get_args(End)),
    "roll": flag_of,
    "extension_max": _days_of,
    "max_extensions": _number(0, 20),
    "returns_allowed": flag_of,
    "max_returns": _number(0, 20),
    "max_rounds": _number(1, 20),
    "min_calls": _number(1, 50),
    "call_spacing_minutes": _number(0, 7 * 24 * 60),
    "scale": one_of("five", "three"),
    "appeal_pauses": flag_of,
    "contact_pauses": flag_of,
    "reevaluation_channels": _channels_of,
    "min_match_k": _number(1, 1000),
    "retention_days": _number(1, 36_500),
}
