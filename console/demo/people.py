"""演示：synthetic people; every phone is 1990000xxxx and every name says what it is."""

from dataclasses import dataclass
from typing import Final

Person = tuple[str, str, str, str]
"""userName, userProp, mobile, anonymityFlag of a rating."""

_STEMS: Final = "甲乙丙丁戊己庚辛壬癸"
ANONYMOUS: Final[Person] = ("", "", "", "1")


def citizen(number: int) -> Person:
    """One of 10,000 synthetic citizens, with a name and a phone."""
    return (f"群众{_STEMS[number // 1000]}{number % 1000:03}", "person", phone(number), "2")


def phone(number: int) -> str:
    """The phone of a number from 0 to 9999."""
    return f"1990000{number:04}"


def without_phone(person: Person) -> Person:
    """The same person rating under a name, but leaving no number."""
    return (person[0], person[1], "", person[3])


CROWD: Final = tuple(citizen(n) for n in range(8000))
"""Those who rate well; complainers, bulk raters and staff have numbers of their own."""

PASSERS_BY: Final[tuple[Person, ...]] = CROWD + (ANONYMOUS,) * (3 * len(CROWD))
"""Who rates: one in four leaves a name and a phone."""

BULK_RATERS: Final = (citizen(8001), citizen(8002))
"""Phones that rate dozens of services within minutes (批量评价)."""

COMPLAINERS: Final = 9000
"""The first number of those who rate badly, each once."""


@dataclass(frozen=True, slots=True)
class Staff:
    """A window clerk whose own phone turns up among the raters (自我评价)."""

    area: str
    unit: str
    account: str
    name: str
    phone: str


SELF_RATER: Final = Staff("张店区", "区行政审批服务局", "zdsp-ck05", "测试窗口人员05", phone(8105))
STAFF: Final = (
    SELF_RATER,
    Staff("张店区", "区人社局", "zdrs-ck01", "测试窗口人员01", phone(8101)),
    Staff("张店区", "张店医保分局", "zdyb-ck01", "测试窗口人员01", phone(8102)),
)
