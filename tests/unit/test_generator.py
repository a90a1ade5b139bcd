"""The demo's data: the circular's totals cell by cell, by the seed alone, fit to be taken in."""

import csv
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from console.demo.arrivals import Arrival
from console.demo.days import Day
from console.demo.desks import Row
from console.demo.fates import Kind
from console.demo.generator import RATING_FIELDS, SERVICE_FIELDS, Quarter
from console.demo.living_desk import living_desk
from console.demo.people import BULK_RATERS, SELF_RATER
from console.demo.plan import spread, works
from producers.sources import Kind as RowKind
from producers.sources import source
from schemas.rating import Rating, Refusal, ServiceRecord
from workflow.intake import Desk
from workflow.states import OPEN, State
from workflow.unit_files import load

DATA = Path(__file__).parents[1] / "data"
ZONE = ZoneInfo("Asia/Shanghai")
R = {name: place for place, name in enumerate(RATING_FIELDS)}
S = {name: place for place, name in enumerate(SERVICE_FIELDS)}


def circular(name: str) -> Iterator[dict[str, str]]:
    return csv.DictReader((DATA / name).read_text(encoding="utf-8").splitlines())


def services(day: Day) -> Iterator[Row]:
    for arrival in day.bad:
        yield from arrival.services
    yield from day.services


def ratings(day: Day) -> Iterator[Row]:
    for arrival in day.bad:
        yield from arrival.ratings
    yield from day.ratings


def when(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


# A naive intake of our own: the product's would count what the product believes.


def good_service(row: Row) -> bool:
    return row[3][:2] != "某单" and row[-2][0] != "特" and "2021-05" <= row[-1][:7] <= "2021-12"


def good_rating(row: Row) -> bool:
    level, reasons = row[16], row[17]
    return (
        level in "12345"
        and row[14] != "77"
        and all(reason[0] == level for reason in reasons.split(",") if reason)
        and (level > "2" or bool(reasons or row[18]))
        and row[19][5:10] != "02-30"
        and row[4][:2] != "某单"
    )


class Tally:
    """A, M, P and D by area, unit and month, each key once."""

    def __init__(self) -> None:
        self.cells: Counter[tuple[str, str, str, str]] = Counter()
        self.seen_services: set[int] = set()
        self.seen_ratings: set[int] = set()
        self.phones: set[str] = set()
        self.names: set[str] = set()
        self.other_month: list[Row] = []
        self.before_service = 0
        self.pushed: list[Arrival] = []
        self.told: Counter[str] = Counter()

    def service(self, row: Row) -> None:
        key = int(row[0])
        if good_service(row) and key not in self.seen_services:
            self.seen_services.add(key)
            self.cells["A", row[2], row[3], row[-1][:7]] += 1
            if row[0][4:6] != row[-1][5:7]:
                self.other_month.append(row)

    def rating(self, row: Row) -> None:
        key = int(row[0])
        self.phones.add(row[12])
        self.names.add(row[10])
        if not good_rating(row) or key in self.seen_ratings:
            return
        self.seen_ratings.add(key)
        self.before_service += key not in self.seen_services
        where = row[3], row[4], row[19][:7]
        self.cells["M", *where] += 1
        if row[15] == "onsite_active":
            self.cells["P", *where] += 1
        if row[16] < "3":
            self.cells["D", *where] += 1
        if row[0][4:6] != row[19][5:7]:
            self.other_month.append(row)

    def days(self, days: Iterable[Day]) -> "Tally":
        for day in days:
            self.pushed += day.bad
            for name in day.counts.__slots__:
                self.told[name] += getattr(day.counts, name)
            for row in services(day):
                self.service(row)
            for row in ratings(day):
                self.rating(row)
        return self


@pytest.fixture(scope="module")
def quarter() -> Quarter:
    return Quarter()


@pytest.fixture(scope="module")
def full(quarter: Quarter) -> Tally:
    return Tally().days(quarter.days())


@pytest.fixture(scope="module")
def small() -> tuple[Quarter, list[Day]]:
    quarter = Quarter(one_in=50)
    return quarter, list(quarter.days())


def test_the_townships_come_out_as_annex_3_cell_by_cell(full: Tally, quarter: Quarter) -> None:
    valid = Counter(
        (key[0][:6], key[0][8:11]) for key, fate in quarter.fates.items() if fate.kind is Kind.VALID
    )
    districts: list[str] = []
    for line in circular("annex3_township_2021.csv"):
        area, month = line["district"], line["month"]
        if area not in districts:
            districts.append(area)
        where = area, f"{area}镇（街道）", month
        got = [full.cells[(letter, *where)] for letter in "AMPD"]
        got.append(valid[month.replace("-", ""), f"{len(districts):03}"])
        columns = ("services_A", "ratings_M", "onsite_active_P", "bad_D", "valid_bad_T")
        assert got == [int(line[name]) for name in columns], (area, month)
    assert len(districts) == 11


def test_the_departments_come_out_as_annex_4(full: Tally) -> None:
    found: Counter[tuple[str, str]] = Counter()
    for (letter, area, unit, month), number in full.cells.items():
        if area == "张店区" and not unit.endswith("镇（街道）"):
            assert "2021-07" <= month <= "2021-09"
            found[letter, unit] += number
    for line in circular("annex4_departments_2021Q3.csv"):
        expected = int(line["ratings_entered"])
        assert found["M", line["department"]] == expected
        assert found["A", line["department"]] == expected, "one service a rating, as assumed"
    assert sum(n for (letter, _), n in found.items() if letter == "D") == 67


def test_in_all_it_is_the_circulars_size(full: Tally) -> None:
    whole = Counter[str]()
    for (letter, *_), number in full.cells.items():
        whole[letter] += number
    assert (whole["A"], whole["M"], whole["D"]) == (565_777, 548_317, 116)
    towns = sum(n for (x, _, unit, _), n in full.cells.items() if x == "P" and "镇（街道）" in unit)
    assert towns == 54_809


def test_a_service_and_its_rating_lie_in_one_month(full: Tally) -> None:
    assert full.other_month == []
    assert full.before_service > 100, "some ratings arrive before their service record"


def test_nobody_in_it_could_be_anybody(full: Tally) -> None:
    assert all(re.fullmatch(r"1990000\d{4}", phone) for phone in full.phones - {""})
    assert all(re.fullmatch(r"群众.\d{3}|测试窗口人员\d\d", name) for name in full.names - {""})


def test_the_67_are_10_valid_and_57_invalid(quarter: Quarter) -> None:
    homes = {key: fate for key, fate in quarter.fates.items() if key[0][8:11] > "050"}
    kinds = Counter(fate.kind for fate in homes.values())
    assert kinds == {
        Kind.VALID: 10,
        Kind.MISOPERATION: 52,
        Kind.DUPLICATE: 3,
        Kind.OUT_OF_SCOPE: 2,
    }
    valid = [fate for fate in homes.values() if fate.kind is Kind.VALID]
    assert sum(fate.days > 3 for fate in valid) >= 2, "three working days would have been too few"
    assert all(1 <= fate.days <= 5 and min(fate.levels) >= 3 for fate in valid)


def test_valid_ones_come_all_through_the_quarter(quarter: Quarter) -> None:
    months = Counter(key[0][4:6] for key, f in quarter.fates.items() if f.kind is Kind.VALID)
    assert min(months["07"], months["08"], months["09"]) >= 2


def test_a_quarter_too_thin_for_its_bad_ratings_is_refused() -> None:
    with pytest.raises(ValueError, match="one_in"):
        Quarter(one_in=1000)


def test_the_49_have_one_valid_in_linzi_in_september(quarter: Quarter) -> None:
    towns = {key: fate for key, fate in quarter.fates.items() if key[0][8:11] < "050"}
    assert len(towns) == 49
    (key,) = (key for key, fate in towns.items() if fate.kind is Kind.VALID)
    assert key[0][:6] == "202109"
    assert key[0][8:11] == "004"


@pytest.mark.parametrize("seed", [1, 20211001])
def test_every_bad_rating_has_its_fate_and_no_other_has(seed: int) -> None:
    made = Quarter(seed, one_in=200)
    bad = {
        (row[0], row[1])
        for day in made.days()
        for row in ratings(day)
        if good_rating(row) and row[16] < "3"
    }
    assert bad == made.fates.keys()


def test_duplicates_repeat_a_valid_complaint_of_the_same_person(
    small: tuple[Quarter, list[Day]],
) -> None:
    quarter, days = small
    said = {(r[0], r[1]): r for day in days for r in ratings(day)}
    for key, fate in quarter.fates.items():
        if fate.kind is Kind.DUPLICATE:
            assert fate.original is not None
            assert quarter.fates[fate.original].kind is Kind.VALID
            mine, first = said[key], said[fate.original]
            for name in ("mobile", "taskName", "winName", "evalDetail", "writingEvaluation"):
                assert mine[R[name]] == first[R[name]]
            assert mine[R["assessTime"]] > first[R["assessTime"]]


def test_valid_ones_can_be_called_back(small: tuple[Quarter, list[Day]]) -> None:
    quarter, days = small
    said = {(r[0], r[1]): r for day in days for r in ratings(day)}
    for key, fate in quarter.fates.items():
        if fate.kind is Kind.VALID:
            row = said[key]
            assert row[R["mobile"]]
            assert row[R["anonymityFlag"]] == "2"


def test_the_opening_complaint_is_given_on_the_16th_of_september(
    full: Tally, quarter: Quarter
) -> None:
    (row,) = (
        row
        for arrival in full.pushed
        for row in arrival.ratings
        if (row[0], row[1]) == quarter.featured and good_rating(row)
    )
    assert row[R["assessTime"]] == "2021-09-16 09:12:00"
    assert quarter.fates[quarter.featured].kind is Kind.VALID


def test_bad_ones_are_pushed_within_minutes_on_working_days(
    small: tuple[Quarter, list[Day]],
) -> None:
    for day in small[1]:
        times = [arrival.received_at for arrival in day.bad]
        assert times == sorted(times)
        for arrival in day.bad:
            wait = arrival.received_at - when(arrival.ratings[-1][R["assessTime"]])
            assert timedelta() < wait <= timedelta(minutes=5)
            assert works(day.date)


def test_the_batch_of_a_day_comes_after_all_it_tells(small: tuple[Quarter, list[Day]]) -> None:
    for day in small[1]:
        told = [row[-1] for row in day.services if good_service(row)]
        told += [row[-1] for row in day.ratings if good_rating(row)]
        assert all(when(text) < day.received_at for text in told)
        assert day.received_at.astimezone(ZONE).date() == day.date


def test_a_service_comes_before_its_rating(small: tuple[Quarter, list[Day]]) -> None:
    told = [row for day in small[1] for row in services(day) if good_service(row)]
    served = {row[0]: row[S["serviceTime"]] for row in told}
    rated = [row for day in small[1] for row in ratings(day) if good_rating(row)]
    assert rated
    # A conflicting copy of a service differs by less than a minute.
    assert all(when(row[-1]) + timedelta(minutes=1) > when(served[row[0]]) for row in rated)


def digest(days: Iterable[Day]) -> str:
    whole = sha256()
    for day in days:
        whole.update(repr(day).encode())
    return whole.hexdigest()


def test_the_same_seed_tells_the_same_story(small: tuple[Quarter, list[Day]]) -> None:
    again = Quarter(one_in=50)
    assert digest(again.days()) == digest(small[1])
    assert again.fates == small[0].fates


def test_another_seed_has_the_same_totals_and_other_rows(small: tuple[Quarter, list[Day]]) -> None:
    other = Quarter(7, one_in=50)
    days = list(other.days())
    mine, theirs = Tally().days(small[1]), Tally().days(days)
    assert by_quarter(mine) == by_quarter(theirs)
    assert {r[:] for r in small[1][40].ratings}.isdisjoint(days[40].ratings)
    assert Counter(f.kind for f in other.fates.values()) == Counter(
        f.kind for f in small[0].fates.values()
    )


def by_quarter(tally: Tally) -> Counter[tuple[str, ...]]:
    """Townships by month, departments by quarter: only there the circular fixes the numbers."""
    found: Counter[tuple[str, ...]] = Counter()
    for (letter, area, unit, month), number in tally.cells.items():
        if unit.endswith("镇（街道）"):
            found[letter, area, month] += number
        else:
            found[(letter,) if letter == "D" else (letter, unit)] += number
    return found


@pytest.fixture(scope="module")
def counter_desk() -> Desk:
    return Desk(load(), ZONE, b"k" * 32)


def taken(desk: Desk, day: Day) -> Iterator[tuple[object, ...] | None]:
    """Each row through the real reading and the real unit list: its key and digest, or None."""
    from_bihuan = source("bihuan")
    layouts = {
        kind: from_bihuan.layout(kind, tuple(from_bihuan.field(name) for name in fields))
        for kind, fields in ((RowKind.SERVICE, SERVICE_FIELDS), (RowKind.RATING, RATING_FIELDS))
    }
    batch = Arrival(day.received_at, tuple(day.services), tuple(day.ratings))
    for arrival in (*day.bad, batch):
        sent = [(RowKind.SERVICE, r) for r in arrival.services]
        sent += [(RowKind.RATING, r) for r in arrival.ratings]
        for number, (kind, row) in enumerate(sent, 1):
            read = from_bihuan.parse_cells(layouts[kind], row, number)
            yield None if isinstance(read, Refusal) else _key(desk, read, number, arrival)


def _key(
    desk: Desk, read: Rating | ServiceRecord, number: int, arrival: Arrival
) -> tuple[object, ...] | None:
    ready = desk.ready(number, read)
    return None if isinstance(ready, Refusal) else (ready.key, ready.digest)


def test_the_real_intake_answers_as_foretold(
    small: tuple[Quarter, list[Day]], counter_desk: Desk
) -> None:
    seen: dict[object, object] = {}
    for day in small[1]:
        got: Counter[str] = Counter()
        for answer in taken(counter_desk, day):
            if answer is None:
                got["refused"] += 1
            elif answer[0] not in seen:
                seen[answer[0]] = answer[1]
                got["new"] += 1
            else:
                got["repeats" if seen[answer[0]] == answer[1] else "conflicts"] += 1
        told = day.counts
        expected = (told.services + told.ratings, told.repeats, told.conflicts, told.refused)
        assert (got["new"], got["repeats"], got["conflicts"], got["refused"]) == expected, day.date


def test_the_full_quarter_has_every_mishap(full: Tally) -> None:
    whole = full.told
    assert (whole["services"], whole["ratings"]) == (565_777, 548_317)
    assert 1_500 < whole["repeats"] < 3_000
    assert 20 < whole["conflicts"] < 150
    assert 100 < whole["refused"] < 400


def test_one_phone_rates_in_bulk_and_a_clerk_rates_the_clerk(full: Tally) -> None:
    rates: Counter[tuple[str, str]] = Counter()
    by_staff = 0
    for arrival in full.pushed:
        for row in arrival.ratings:
            rates[row[R["mobile"]], row[R["assessTime"]][:10]] += 1
            by_staff += row[R["mobile"]] == SELF_RATER.phone
    bulk = [n for (phone, _), n in rates.items() if phone in {p[2] for p in BULK_RATERS}]
    assert len(bulk) == 2
    assert min(bulk) > 30
    assert by_staff


def test_the_living_desk_has_work_for_everybody() -> None:
    desk = living_desk()
    stages = Counter(fate.stage for fate in desk.fates.values())
    first_stops = {State.COLLECTED, State.ANALYSED}
    wanted = {state.value for state in OPEN if state not in first_stops}
    assert set(stages) == wanted | {"CLOSED", "DISMISSED", "PARKED"}
    assert stages["PARKED"] == 1


def test_what_the_desk_has_to_verify_tells_its_promise_kept_or_not() -> None:
    keys = {key[0] for key in living_desk().fates}
    rated = [row for day in living_desk().days for row in services(day) if row[0] in keys]
    promised = [row for row in rated if row[S["promiseTime"]] == "promised"]
    assert 0 < len(promised) < len(rated)
    assert {(row[S["promiseDay"]], row[S["promiseType"]]) for row in promised} == {
        ("5", "working_days")
    }
    took = [when(row[S["resultDate"]]) - when(row[S["acceptDate"]]) for row in promised]
    assert min(took) < timedelta(days=5)
    assert max(took) > timedelta(days=14)


def test_the_living_desks_rows_are_taken_and_lie_in_october(counter_desk: Desk) -> None:
    desk = living_desk()
    bad = set()
    for day in desk.days:
        assert date(2021, 10, 8) <= day.date <= date(2021, 10, 21)
        refused = sum(answer is None for answer in taken(counter_desk, day))
        assert refused == day.counts.refused
        assert all(row[-1] > "2021-10-08" for row in (*services(day), *ratings(day)))
        bad |= {(r[0], r[1]) for r in ratings(day) if good_rating(r) and r[R["satisfaction"]] < "3"}
    assert bad == desk.fates.keys()
    assert digest(desk.days) == digest(living_desk().days)


@pytest.mark.parametrize(
    ("total", "weights"), [(7, [3, 3, 3]), (0, [0, 0]), (5, [1, 1, 3]), (1, [0, 9]), (99, [1, 99])]
)
def test_shares_add_up_and_never_exceed_their_weight(total: int, weights: list[int]) -> None:
    shares = spread(total, weights)
    assert sum(shares) == total
    assert all(0 <= share <= weight for share, weight in zip(shares, weights, strict=True))
