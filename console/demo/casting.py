"""演示：who rates badly in the quarter, where and why, drawn by the seed."""

import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from functools import cache
from importlib.resources import files
from itertools import count
from random import Random
from typing import Any, Final

from console.demo import people
from console.demo.arrivals import Role, Words
from console.demo.fates import Fate, Kind
from console.demo.plan import Slot, works

FEATURED_UNIT: Final = "区行政审批服务局"
FEATURED_DAY: Final = date(2021, 9, 16)
_FEATURED_SECOND: Final = 9 * 3600 + 12 * 60
_FEATURED_DAYS: Final = 4
_LAST_VALID: Final = date(2021, 9, 15)
_LAST: Final = date(2021, 9, 28)
_DAYS: Final = (1, 1, 1, 2, 2, 2, 3, 4, 5)
_BULK: Final = 36
_ODD_TOWNSHIP_CASES: Final = (
    Kind.OUT_OF_SCOPE,
    Kind.OUT_OF_SCOPE,
    Kind.MALICIOUS,
    Kind.UNVERIFIABLE,
)
_SECONDS: Final = (*range(9 * 3600 + 1800, 41_400), *range(50_400, 16 * 3600))


@cache
def stories() -> Mapping[str, Any]:
    """What the people of the demo say, by kind."""
    text = files("console.demo").joinpath("stories.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def words(story: Mapping[str, Any]) -> Words:
    """What the rater of a story ticks and writes."""
    return Words(story["level"], story["reason"], story["text"])


class Casting:
    """Sets services aside in slots for bad ratings, each by a person of their own."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._numbers = count(people.COMPLAINERS)
        self._valid = iter(stories()["valid"] * 2)
        self.roles: list[Role] = []

    def featured(self, slots: Iterable[Slot]) -> Role:
        """The complaint of the demo's opening; its limit runs over a make-up day and a holiday."""
        slot = next(s for s in slots if s.day == FEATURED_DAY and s.ratings)
        return self._valid_one(slot, _FEATURED_DAYS, _FEATURED_SECOND)

    def valid(self, slots: Sequence[Slot], days: int) -> Role:
        """A valid complaint, rectified on the given working day after its dispatch."""
        return self._valid_one(self._slot(slots, _LAST_VALID), days, self._second())

    def dismissed(self, slots: Sequence[Slot], kind: Kind) -> Role:
        """A bad rating the hotline will dismiss; mostly a slip of the finger."""
        slot = self._slot(slots, _LAST)
        if kind is Kind.MISOPERATION:
            return self._misoperation(slot)
        story = self._rng.choice(stories()[kind.value])
        rings = 3 if kind is Kind.UNVERIFIABLE else self._rings()
        return self._add(slot, self._second(), self._person(), words(story), Fate(kind, rings))

    def duplicate(self, original: Role) -> Role:
        """The same person says the same again of another service within the hour."""
        second = original.second + self._rng.randint(900, 3600)
        fate = Fate(Kind.DUPLICATE, self._rings(), original=original.key)
        role = self._add(original.slot, second, original.person, original.words, fate)
        role.window = original.window
        return role

    def bulk(self, slots: Sequence[Slot], rater: people.Person) -> Role:
        """A slip at the end of dozens of ratings given with one phone (批量评价)."""
        role = self.dismissed([s for s in slots if s.onsite > _BULK] or slots, Kind.MISOPERATION)
        role.person = rater
        role.bulk = [role.slot.take(True) for _ in range(min(_BULK, role.slot.onsite))]
        return role

    def by_staff(self, slots: Sequence[Slot]) -> Role:
        """A clerk tries the device out with the clerk's own phone (自我评价)."""
        role = self.dismissed(slots, Kind.MISOPERATION)
        rater = people.SELF_RATER
        role.person = (rater.name, "person", rater.phone, "2")
        role.words = Words(1, "", "测试评价器，误按")
        role.fate = Fate(Kind.MISOPERATION)
        return role

    def _valid_one(self, slot: Slot, days: int, second: int) -> Role:
        story = next(self._valid)
        fate = Fate(
            Kind.VALID,
            self._rings(),
            days,
            (self._rng.choice((5, 5, 5, 4, 3)),),
            story["cause"],
            story["remedy"],
        )
        return self._add(slot, second, self._person(), words(story), fate)

    def _misoperation(self, slot: Slot) -> Role:
        person, supplied, chance = self._person(), "", self._rng.random()
        if chance < 0.1:
            person = people.ANONYMOUS
        elif chance < 0.2:
            supplied = person[2] if chance < 0.17 else ""
            person = people.without_phone(person)
        fate = Fate(Kind.MISOPERATION, self._rings(), supplied=supplied)
        said = words(self._rng.choice(stories()["misoperation"]))
        return self._add(slot, self._second(), person, said, fate)

    def _add(self, slot: Slot, second: int, person: people.Person, said: Words, fate: Fate) -> Role:
        onsite = slot.onsite > 0 and (not slot.remote or self._rng.random() < 0.8)
        window = self._rng.choice(slot.unit.windows)
        role = Role(slot, onsite, slot.take(onsite), second, window, person, said, fate)
        self.roles.append(role)
        return role

    def _slot(self, slots: Sequence[Slot], last: date) -> Slot:
        open_ones = [s for s in slots if s.ratings and s.day <= last and works(s.day)]
        return self._rng.choices(open_ones, weights=[s.ratings for s in open_ones])[0]

    def _person(self) -> people.Person:
        return people.citizen(next(self._numbers))

    def _second(self) -> int:
        second: int = self._rng.choice(_SECONDS)
        return second

    def _rings(self) -> int:
        return self._rng.choice((0, 0, 0, 0, 1, 2))


def cast_townships(
    casting: Casting, cells: Iterable[tuple[Sequence[Slot], int, int]], rng: Random
) -> None:
    """The townships' bad ratings: each cell's slots with D and T."""
    cells = list(cells)
    kinds = _township_kinds(sum(bad - valid for _, bad, valid in cells), rng)
    for slots, bad, valid in cells:
        for _ in range(valid):
            casting.valid(slots, 2)
        for _ in range(bad - valid):
            casting.dismissed(slots, next(kinds))


def _township_kinds(number: int, rng: Random) -> Iterator[Kind]:
    kinds = [*_ODD_TOWNSHIP_CASES, *(Kind.MISOPERATION,) * number][:number]
    rng.shuffle(kinds)
    return iter(kinds)


def cast_departments(
    casting: Casting, slots: Mapping[str, Sequence[Slot]], wanted: Mapping[str, int], rng: Random
) -> Role:
    """The departments' bad ratings, so many of each kind; the featured one is the answer."""
    any_unit = _unit_by_size(slots, rng)
    featured = casting.featured(slots[FEATURED_UNIT])
    days = [*_DAYS[: wanted["valid"] - 1]]
    rng.shuffle(days)
    originals = [
        casting.valid(_in_part(any_unit(), part, len(days)), n) for part, n in enumerate(days)
    ]
    originals.sort(key=lambda role: -role.slot.ratings)
    for original in originals[: wanted["duplicate"]]:
        casting.duplicate(original)
    casting.by_staff(slots[FEATURED_UNIT])
    for name, rater in zip(("区人社局", "张店医保分局"), people.BULK_RATERS, strict=True):
        casting.bulk(slots[name], rater)
    for _ in range(wanted["misoperation"] - 1 - len(people.BULK_RATERS)):
        casting.dismissed(any_unit(), Kind.MISOPERATION)
    for _ in range(wanted["out_of_scope"]):
        casting.dismissed(any_unit(), Kind.OUT_OF_SCOPE)
    return featured


def _in_part(slots: Sequence[Slot], part: int, parts: int) -> Sequence[Slot]:
    """The slots of one part of the quarter, so that valid complaints come all through it."""
    first = min(slot.day for slot in slots)
    whole = (_LAST_VALID - first).days + 1
    inside = [s for s in slots if (s.day - first).days * parts // whole == part]
    return inside if any(s.ratings and works(s.day) for s in inside) else slots


def _unit_by_size(slots: Mapping[str, Sequence[Slot]], rng: Random) -> Callable[[], Sequence[Slot]]:
    """Draws a unit by the root of its ratings: small ones have bad days, too, but no tiny one."""
    sizes = {name: sum(s.ratings for s in days) for name, days in slots.items()}
    large = [name for name, size in sizes.items() if size * 4000 >= sum(sizes.values())]
    weights = [sizes[name] ** 0.5 for name in large]
    return lambda: slots[rng.choices(large, weights=weights)[0]]
