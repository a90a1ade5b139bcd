"""演示：the second scene, two weeks of October that leave a complaint on every desk."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from random import Random
from typing import Any, Final, NamedTuple

from console.demo import people
from console.demo.arrivals import Role, told
from console.demo.casting import stories, words
from console.demo.days import Counts, Day, batch_time, given, in_order
from console.demo.desks import Row, department
from console.demo.fates import Fate, Key, Kind
from console.demo.plan import Cell, Slot, dates, slots

FIRST: Final = date(2021, 10, 8)
LAST: Final = date(2021, 10, 21)
_AREA: Final = "张店区"
_RATINGS: Final = 240
_ONSITE: Final = 96
_FIRST_PHONE: Final = people.COMPLAINERS + 500


class LivingDesk(NamedTuple):
    """The scene's days (2021-10-08 to 10-21) and the fates of its complaints."""

    days: tuple[Day, ...]
    fates: Mapping[Key, Fate]


def living_desk(seed: int = 20211001) -> LivingDesk:
    """Good ratings of ten departments and a bad one for each stage, as of 2021-10-22 09:00.

    Each fate's `stage` says where to leave its complaint; exactly one is to be PARKED.
    """
    rng = Random(f"{seed}/desk")
    plan = _plan(rng)
    roles = [_role(number, entry, plan, rng) for number, entry in enumerate(stories()["desk"])]
    return LivingDesk(tuple(_days(plan, roles, rng)), {role.key: role.fate for role in roles})


def _plan(rng: Random) -> dict[date, dict[str, Slot]]:
    plan: dict[date, dict[str, Slot]] = defaultdict(dict)
    names = dict.fromkeys(entry["unit"] for entry in stories()["desk"])
    for number, name in enumerate(names, 51):
        unit = department(number, _AREA, name)
        for slot in slots(Cell(unit, FIRST, LAST, _RATINGS, _RATINGS, _ONSITE), rng):
            plan[slot.day][name] = slot
    return plan


def _role(
    number: int, entry: Mapping[str, Any], plan: Mapping[date, Mapping[str, Slot]], rng: Random
) -> Role:
    at = datetime.fromisoformat(entry["at"])
    slot = plan[at.date()][entry["unit"]]
    kind = Kind(entry.get("kind", "valid"))
    story = stories()[kind.value][entry.get("story", 0)]
    second = at.hour * 3600 + at.minute * 60
    window = rng.choice(slot.unit.windows)
    person = people.citizen(_FIRST_PHONE + number)
    fate = _fate(kind, entry, story)
    return Role(slot, True, slot.take(True), second, window, person, words(story), fate)


def _fate(kind: Kind, entry: Mapping[str, Any], story: Mapping[str, Any]) -> Fate:
    return Fate(
        kind,
        entry.get("unanswered", 0),
        entry.get("days", 0),
        tuple(entry.get("levels", ())),
        story.get("cause", ""),
        story.get("remedy", ""),
        stage=entry["stage"],
    )


def _days(plan: Mapping[date, Mapping[str, Slot]], roles: list[Role], rng: Random) -> Iterator[Day]:
    later: dict[date, list[Row]] = defaultdict(list)
    shown = [(role.slot.day, told(role, rng)) for role in roles]
    for day in dates(FIRST, LAST):
        services, ratings = given(plan.get(day, {}).values(), LAST, later, rng)
        today = [rows for on, rows in shown if on == day]
        services += [row for rows in today for row in rows.left]
        ratings += later.pop(day, [])
        pushed = in_order(arrival for rows in today for arrival in rows.arrivals)
        counts = Counts(
            len(services) + sum(len(a.services) for a in pushed),
            len(ratings) + sum(len(a.ratings) - a.refused for a in pushed),
            refused=sum(a.refused for a in pushed),
        )
        yield Day(day, batch_time(day), pushed, services, ratings, counts)
