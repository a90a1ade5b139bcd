"""时限: an amount of statutory time, such as five working days or four working hours; pure."""

import re
from dataclasses import dataclass
from typing import Final, Literal

from workflow.clock import HOUR, MINUTE, SECOND
from workflow.errors import InvalidInput

__all__ = ["End", "Limit", "StartRule", "Unit"]

Unit = Literal[
    "working days", "natural days", "working hours", "working minutes", "working seconds"
]
StartRule = Literal["same_day", "next_day", "next_working_day"]
End = Literal["close", "day_end"]

MICROS: Final[dict[str, int]] = {
    "working hours": HOUR,
    "working minutes": MINUTE,
    "working seconds": SECOND,
}
LARGEST: Final[dict[str, int]] = {
    "working days": 3_650,
    "natural days": 3_650,
    "working hours": 30_000,
    "working minutes": 1_800_000,
    "working seconds": 108_000_000,
}
CHINESE: Final[dict[str, str]] = {
    "working days": "个工作日",
    "natural days": "个自然日",
    "working hours": "个工作小时",
    "working minutes": "个工作分钟",
    "working seconds": "个工作秒",
}
# Hours, minutes and seconds always run in working time; bare "days" is refused because
# working and natural days differ by a week.
_NAMES: Final[dict[str, Unit]] = {
    "working day": "working days",
    "natural day": "natural days",
    "calendar day": "natural days",
    "working hour": "working hours",
    "hour": "working hours",
    "working minute": "working minutes",
    "minute": "working minutes",
    "working second": "working seconds",
    "second": "working seconds",
    "工作日": "working days",
    "自然日": "natural days",
    "日历日": "natural days",
    "工作小时": "working hours",
    "小时": "working hours",
    "工作分钟": "working minutes",
    "分钟": "working minutes",
    "工作秒": "working seconds",
    "秒": "working seconds",
}
_FORM = re.compile(r"\s*([0-9]{1,40})\s*个?\s*([^\W\d_](?:.{0,30}\S)?)\s*")
_HINT = (
    "写成“5 working days”“15 natural days”“4 working hours”“90 minutes”“30 seconds”或“5个工作日”"
)


@dataclass(frozen=True, slots=True)
class Limit:
    """An amount of one unit; hours, minutes and seconds are working time."""

    amount: int
    unit: Unit

    def __post_init__(self) -> None:
        """Refuse what is not a positive amount of a known unit, or more than some ten years."""
        if self.unit not in LARGEST:
            raise InvalidInput("limit", self.unit, f"没有这种时间单位；{_HINT}")
        if type(self.amount) is not int or self.amount < 1:
            raise InvalidInput("limit", self.amount, "时限须是大于零的整数")
        if self.amount > LARGEST[self.unit]:
            raise InvalidInput("limit", str(self), f"时限过长，最多 {LARGEST[self.unit]}")

    @classmethod
    def parse(cls, text: str) -> "Limit":
        """Read "5 working days", "90 minutes", "5个工作日"; InvalidInput otherwise."""
        found = _FORM.fullmatch(text) if isinstance(text, str) else None
        if found is None:
            raise InvalidInput("limit", text, f"看不懂这个时限；{_HINT}")
        name = " ".join(found[2].lower().split())
        unit = _NAMES.get(name) or _NAMES.get(name.removesuffix("s"))
        if unit is None:
            raise InvalidInput("limit", text, f"没有这种时间单位；{_HINT}")
        return cls(int(found[1]), unit)

    @property
    def in_days(self) -> bool:
        """Whether whole days are counted (else working time from the moment)."""
        return self.unit in ("working days", "natural days")

    @property
    def micros(self) -> int:
        """The working time of an hour, minute or second limit, in microseconds."""
        return self.amount * MICROS[self.unit]

    def __str__(self) -> str:
        return f"{self.amount} {self.unit if self.amount != 1 else self.unit[:-1]}"

    @property
    def chinese(self) -> str:
        """As a person reads it: 5个工作日."""
        return f"{self.amount}{CHINESE[self.unit]}"
