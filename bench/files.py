"""A file as a platform would send it: services and their ratings, synthetic, in their order."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

HEADER = (
    "record",
    "projectNo",
    "serviceTime",
    "assessTime",
    "satisfaction",
    "proDepart",
    "evalDetail",
    "writingEvaluation",
    "pf",
    "taskName",
    "winName",
    "userName",
    "mobile",
)
UNITS = ("区人社局", "区市场监管局", "张店公安分局", "区住建局", "区卫生健康局")
ITEMS = ("社保卡申领", "灵活就业参保", "不动产登记", "出生登记", "营业执照变更")
ONE_BAD_IN = 1000
"""Ten times as many as the circular's quarter had."""

_FIRST = datetime.fromisoformat("2021-07-01T09:00:00")
_SPAN = 75 * 24 * 3600


def write_file(path: Path, rows: int, seed: int, one_bad_in: int = ONE_BAD_IN) -> int:
    """Writes so many rows, half services, half ratings; answers how many ratings are bad."""
    random, bad = Random(seed), 0
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file)
        out.writerow(HEADER)
        for number in range(rows // 2):
            is_bad = number % one_bad_in == one_bad_in - 1
            bad += is_bad
            out.writerows(_pair(random, f"PJ2021{seed:02d}{number:07d}", number, is_bad))
    return bad


def _pair(random: Random, project: str, number: int, bad: bool) -> Iterator[tuple[object, ...]]:
    """A service and the rating that follows it; times go on as the numbers do."""
    served = _FIRST + timedelta(seconds=number * 7 % _SPAN)
    assessed = served + timedelta(minutes=random.randrange(1, 30))
    place = random.randrange(len(UNITS))
    unit, item = UNITS[place], ITEMS[random.randrange(len(ITEMS))]
    window = f"{random.randrange(1, 40)}号窗口"
    yield "办件", project, served, "", "", unit, "", "", "", item, window, "", ""
    said = ("115", "又让我开证明，跑了两趟") if bad else ("", "")
    level = 1 if bad else random.choice((5, 5, 5, 5, 4, 3))
    phone = f"199{random.randrange(10**8):08d}"
    person = f"群众{number % 9973}"
    yield "评价", project, "", assessed, level, unit, *said, 4, item, window, person, phone
