"""The calendar: known due times, an office's own file, pauses, unpublished years, bad files."""

import contextlib
import pickle
from datetime import UTC, date, datetime, timedelta
from itertools import product
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import holidays
import pytest

from workflow.calendar import (
    Calendar,
    Limit,
    due,
    explain,
    findings,
    opening_of_first_working_day_after,
    opening_of_working_day_before,
    worktime,
)
from workflow.calendar_files import calendar_of, load_calendar, office_calendar, parse_calendar
from workflow.calendar_official import official
from workflow.errors import InvalidInput

SHANGHAI = ZoneInfo("Asia/Shanghai")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def falls_due(start: str, limit: str, calendar: Calendar | None = None, **rules: object) -> str:
    found = due(calendar or office_calendar(), at(start), Limit.parse(limit), **rules)  # type: ignore[arg-type]
    return found.due_at.astimezone(found.zone).strftime("%Y-%m-%d %H:%M")


@pytest.mark.parametrize(
    ("start", "limit", "close"),
    [
        ("2021-09-16", "1 working day", "2021-09-17"),
        ("2021-09-16", "5 working days", "2021-09-24"),
        ("2021-09-16", "15 working days", "2021-10-13"),
        ("2021-09-17", "1 working day", "2021-09-18"),
        ("2021-09-17", "5 working days", "2021-09-26"),
        ("2021-09-30", "1 working day", "2021-10-08"),
        ("2021-09-30", "5 working days", "2021-10-13"),
        ("2021-09-30", "15 working days", "2021-10-27"),
        ("2021-09-29", "5 working days", "2021-10-12"),
    ],
)
@pytest.mark.parametrize("clock", ["00:00", "09:00", "23:59"])
def test_autumn_2021_with_its_make_up_days(start: str, limit: str, close: str, clock: str) -> None:
    assert falls_due(f"{start}T{clock}", limit) == f"{close} 17:30"


def test_a_summer_quarter_has_66_working_days() -> None:
    days = [date(2021, 7, 1) + timedelta(days=n) for n in range(92)]
    assert sum(map(office_calendar().is_working_day, days)) == 66


def test_the_official_days_agree_with_a_second_library() -> None:
    table, other = official("china"), holidays.country_holidays("CN", years=range(2007, 2027))
    days = (
        date.fromordinal(n)
        for n in range(date(2007, 1, 1).toordinal(), date(2027, 1, 1).toordinal())
    )
    assert [day for day in days if other.is_working_day(day) != table.on(day).working] == []


def test_every_day_is_explained() -> None:
    lines = explain(due(office_calendar(), at("2021-09-16T10:00"), Limit.parse("5 working days")))
    assert lines[0] == "起点 2021-09-16（周四）10:00:00，时限 5个工作日"
    assert lines[1:4] == [
        "2021-09-16 周四 不计：当日不计，次日起算",
        "2021-09-17 周五 第1天：工作日",
        "2021-09-18 周六 第2天：调休上班（中秋节）",
    ]
    assert [line.split()[2] for line in lines[4:7]] == [
        "不计：法定节假日（中秋节）",
        "不计：调休放假（中秋节）",
        "不计：法定节假日（中秋节）",
    ]
    assert lines[-1].startswith("到期 2021-09-24（周五）17:30:00")


def test_hours_run_from_the_moment_and_end_at_a_close() -> None:
    assert falls_due("2021-09-16T16:00", "90 minutes") == "2021-09-16 17:30"
    assert falls_due("2021-09-16T16:00", "91 minutes") == "2021-09-17 08:31"
    assert falls_due("2021-09-16T03:00", "1 hour") == "2021-09-16 09:30"
    assert falls_due("2021-09-18T17:00", "1 working hour") == "2021-09-22 09:00"
    assert falls_due("2021-09-16T17:29", "60 seconds") == "2021-09-16 17:30"


def test_start_rules() -> None:
    assert (
        falls_due("2021-09-16T20:00", "5 working days", start_rule="same_day") == "2021-09-23 17:30"
    )
    assert (
        falls_due("2021-09-18T10:00", "1 natural day", start_rule="next_working_day")
        == "2021-09-22 17:30"
    )


def test_natural_days_count_every_day_and_may_roll() -> None:
    assert falls_due("2021-09-10T10:00", "7 natural days") == "2021-09-17 17:30"
    assert falls_due("2021-09-12T10:00", "7 natural days") == "2021-09-20 00:00"
    assert falls_due("2021-09-12T10:00", "7 natural days", roll=True) == "2021-09-22 17:30"
    assert falls_due("2021-09-10T10:00", "7 natural days", end="day_end") == "2021-09-18 00:00"


class TestPauses:
    def test_a_wholly_paused_day_does_not_count(self) -> None:
        pauses = [(at("2021-09-17T08:30"), at("2021-09-17T17:30"))]
        assert falls_due("2021-09-16T10:00", "1 working day", pauses=pauses) == "2021-09-18 17:30"

    def test_time_paused_within_days_is_given_back(self) -> None:
        noon_to_noon = [(at("2021-09-22T12:30"), at("2021-09-23T12:30"))]
        assert (
            falls_due("2021-09-17T10:00", "2 working days", pauses=noon_to_noon)
            == "2021-09-23 17:30"
        )
        an_hour = [(at("2021-09-22T09:00"), at("2021-09-22T10:00"))]
        assert falls_due("2021-09-17T10:00", "2 working days", pauses=an_hour) == "2021-09-23 09:30"

    def test_overlapping_nested_unsorted_and_early_ones_count_once(self) -> None:
        pauses = [
            (at("2021-09-22T10:00"), at("2021-09-22T11:00")),
            (at("2021-09-01T00:00"), at("2021-09-16T11:00")),
            (at("2021-09-22T09:00"), at("2021-09-22T12:00")),
            (at("2021-09-22T11:30"), at("2021-09-22T14:00")),
        ]
        assert falls_due("2021-09-16T10:00", "2 hours", pauses=pauses) == "2021-09-16 14:30"
        day = at("2021-09-22T00:00")
        left = worktime(office_calendar(), day, day + timedelta(days=1), pauses)
        assert left == timedelta(hours=4)

    def test_an_empty_pause_is_refused(self) -> None:
        moment = at("2021-09-22T10:00")
        with pytest.raises(InvalidInput, match="pause"):
            due(office_calendar(), moment, Limit(1, "working hours"), pauses=[(moment, moment)])


class TestUnpublishedYears:
    def test_a_due_time_beyond_the_last_notice_is_provisional(self) -> None:
        found = due(office_calendar(), at("2026-12-30T10:00"), Limit.parse("3 working days"))
        assert found.provisional
        assert found.due_at == at("2027-01-05T17:30")
        assert "暂定" in explain(found)[-1]
        assert not due(
            office_calendar(), at("2026-12-29T10:00"), Limit(2, "working days")
        ).provisional

    def test_a_new_notice_settles_it(self) -> None:
        rows = {date(2027, 1, 4): False, date(2027, 1, 9): True}
        revised = office_calendar().revised(rows, "2027.1", "2027年放假通知", 2027)
        found = due(revised, at("2026-12-30T10:00"), Limit.parse("3 working days"))
        assert (found.due_at, found.provisional) == (at("2027-01-06T17:30"), False)
        assert revised.is_working_day(date(2027, 1, 9))
        assert revised.id.endswith("+2027.1")

    def test_the_alarm_rings_when_the_next_year_is_due(self) -> None:
        assert findings(office_calendar(), date(2026, 10, 31)) == []
        assert "2027" in findings(office_calendar(), date(2026, 11, 1))[0]
        assert "2028" in findings(office_calendar(), date(2028, 3, 1))[0]


class TestAnOfficesOwnFile:
    FILE = """
    zone = "Asia/Shanghai"
    official = "china"
    [hours]
    workday = ["09:00-12:00", "13:00-17:00"]
    sat = ["09:00-11:00"]
    [dates]
    2021-10-02 = ["22:00-24:00"]
    2021-10-08 = []
    """

    def test_its_hours(self) -> None:
        calendar = parse_calendar(self.FILE)
        week = [(9 * 60, 12 * 60), (13 * 60, 17 * 60)]
        assert calendar.hours_on(date(2021, 9, 18)) == tuple(week), "a make-up Saturday"
        assert calendar.hours_on(date(2021, 9, 11)) == ((540, 660),), "an ordinary Saturday"
        assert calendar.hours_on(date(2021, 9, 12)) == ()
        assert calendar.hours_on(date(2021, 10, 2)) == ((1320, 1440),)
        assert calendar.hours_on(date(2021, 10, 8)) == ()

    def test_a_date_with_hours_of_its_own_is_a_working_day(self) -> None:
        calendar = parse_calendar(self.FILE)
        assert falls_due("2021-09-30T10:00", "1 working day", calendar) == "2021-10-03 00:00"
        assert falls_due("2021-09-30T10:00", "2 working days", calendar) == "2021-10-09 17:00"
        assert falls_due("2021-10-01T10:00", "90 minutes", calendar) == "2021-10-02 23:30"

    def test_a_working_day_without_workday_hours_is_closed(self) -> None:
        head = 'zone = "Asia/Shanghai"\nofficial = "china"\n[hours]\nsun = ["09:00-12:00"]\n'
        closed = parse_calendar(f"{head}workday = []")
        assert not closed.is_working_day(date(2021, 9, 13)), "every legal working day has `workday`"
        assert closed.is_working_day(date(2021, 9, 12)), "a plain Sunday has its own"
        mondays = parse_calendar(f'{head}mon = ["09:00-12:00"]')
        assert mondays.is_working_day(date(2021, 9, 13)), "its weekday's where `workday` is absent"
        assert not mondays.is_working_day(date(2021, 9, 20)), "a Monday declared off"

    @pytest.mark.parametrize("day", ["mon", "tue", "wed", "thu", "fri"])
    @pytest.mark.parametrize("hours", ["[]", '["06:00-07:30"]'])
    def test_every_legal_working_day_has_the_workday_hours(self, day: str, hours: str) -> None:
        text = self.FILE.replace("sat =", f"{day} = {hours}\n    sat =")
        along, without = parse_calendar(text), parse_calendar(self.FILE)
        month = [date(2021, 9, n) for n in range(1, 31)]
        assert [*map(along.hours_on, month)] == [*map(without.hours_on, month)], "as `workday` says"
        alone = parse_calendar(text.replace('official = "china"', ""))
        weekday = ("mon", "tue", "wed", "thu", "fri").index(day)
        assert alone.hours_on(date(2021, 9, 13 + weekday)) == alone.weekdays[weekday]

    def test_its_cards(self) -> None:
        calendar = parse_calendar(self.FILE)
        midnight = at("2021-10-03T00:00")
        assert opening_of_working_day_before(calendar, midnight) == at("2021-09-30T09:00")
        assert opening_of_first_working_day_after(calendar, midnight) == at("2021-10-09T09:00")

    def test_without_official_there_are_no_holidays(self) -> None:
        calendar = parse_calendar('zone = "UTC"\n[hours]\nworkday = ["09:00-17:00"]\nfri = []')
        assert calendar.is_working_day(date(2021, 10, 4))
        assert not calendar.is_working_day(date(2021, 10, 8))
        assert not calendar.is_working_day(date(2021, 10, 9))
        assert not due(calendar, at("2030-01-01T00:00"), Limit(5, "working days")).provisional


BROKEN = [
    ("", "zone"),
    ('zone = "Mars/Olympus"', "zone"),
    ("zone = 8", "zone"),
    ('zone = "localtime"', "zone"),
    ('zone = "right/Asia/Shanghai"', "zone"),
    ('zone = "../../etc/passwd"', "zone"),
    ('zone = "UTC"', "hours"),
    ('zone = "UTC"\nhours = 3', "hours"),
    ('zone = "UTC"\nopening = 3', "opening"),
    ('zone = "UTC"\nofficial = "mars"', "official"),
    ('zone = "UTC"\nofficial = true', "official"),
    ('zone = "UTC"\n[hours]\nmonday = []', "hours.monday"),
    ('zone = "UTC"\n[hours]\nmon = "08:00-09:00"', "hours.mon"),
    ('zone = "UTC"\n[hours]\nmon = ["08:00"]', "hours.mon[0]"),
    ('zone = "UTC"\n[hours]\nmon = [8]', "hours.mon[0]"),
    ('zone = "UTC"\n[hours]\nmon = ["09:00-08:00"]', "hours.mon[0]"),
    ('zone = "UTC"\n[hours]\nmon = ["09:00-24:01"]', "hours.mon[0]"),
    ('zone = "UTC"\n[hours]\nmon = ["09:60-12:00"]', "hours.mon[0]"),
    ('zone = "UTC"\n[hours]\nmon = ["٠٩:00-12:00"]', "hours.mon[0]"),
    ('zone = "UTC"\n[hours]\nmon = ["08:00-10:00", "09:00-11:00"]', "hours.mon"),
    ('zone = "UTC"\n[hours]\nmon = []', "hours"),
    ('zone = "UTC"\n[dates]\n2021-13-01 = []', "dates.2021-13-01"),
    ('zone = "UTC"\n[dates]\n20210901 = []', "dates.20210901"),
    ('zone = "UTC"\n[dates]\n2021-W39-6 = []', "dates.2021-W39-6"),
    ("zone = [" * 20_000, "calendar"),
    ("zone = 'UTC'\nzone = 'UTC'", "calendar"),
]


@pytest.mark.parametrize(("text", "field"), BROKEN)
def test_a_broken_calendar_names_the_field(text: str, field: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        parse_calendar(text)
    assert refused.value.field == field
    assert refused.value.reason


ODD: tuple[Any, ...] = (3, -1, True, "", "x", [], [3], ["-"], {}, {"x": 1}, date(2021, 1, 1), None)


def test_whatever_stands_in_a_calendar_it_loads_or_is_refused() -> None:
    loaded: set[tuple[str, str]] = set()
    for section, odd in product(("zone", "official", "hours", "dates", "name", "version"), ODD):
        table = {"zone": "UTC", "hours": {"mon": ["08:00-09:00"]}, section: odd}
        nested = {"zone": "UTC", "hours": {"mon": odd, "tue": [odd]}, "dates": {"2021-09-01": odd}}
        for broken, where in ((table, section), (nested, "within")):
            with contextlib.suppress(InvalidInput):
                calendar_of(broken, "odd")
                loaded.add((where, repr(odd)))
    assert loaded == {("dates", "{}"), ("name", "'x'"), ("version", "'x'")}


def test_files_that_are_no_calendars(tmp_path: Path) -> None:
    gb = tmp_path / "gb.toml"
    gb.write_bytes('name = "张店"'.encode("gb18030"))
    for path in (gb, tmp_path, tmp_path / "none.toml", Path("/dev/zero"), Path("a\0b")):
        with pytest.raises(InvalidInput, match="calendar"):
            load_calendar(path)


def test_a_calendar_that_closes_for_good_ends_the_search() -> None:
    calendar = parse_calendar('zone = "UTC"\n[dates]\n2021-09-01 = ["09:00-10:00"]')
    with pytest.raises(InvalidInput, match="二十年"):
        due(calendar, at("2021-09-02T00:00"), Limit(1, "working days"))
    rarely = parse_calendar('zone = "UTC"\n[hours]\nmon = ["09:00-09:01"]')
    with pytest.raises(InvalidInput, match="一百年"):
        due(rarely, at("2021-09-02T00:00"), Limit(30_000, "working hours"))


@pytest.mark.parametrize(
    "text",
    ["", "5", "days", "5 days", "0 working days", "-1 working days", "1.5 hours", "5 weeks",
     "99999 working days", "9" * 5000 + " hours", "五个工作日",
     "5 working days!", "\0", "5 \ud800"],
)  # fmt: skip
def test_limits_that_make_no_sense(text: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        Limit.parse(text)
    assert refused.value.field == "limit"
    str(refused.value).encode()


@pytest.mark.parametrize(
    ("text", "limit"),
    [
        ("1 working day", Limit(1, "working days")),
        (" 15  Natural  Days ", Limit(15, "natural days")),
        ("5个工作日", Limit(5, "working days")),
        ("15 个自然日", Limit(15, "natural days")),
        ("4个工作小时", Limit(4, "working hours")),
        ("90 minutes", Limit(90, "working minutes")),
        ("30 working seconds", Limit(30, "working seconds")),
    ],
)
def test_limits_in_english_and_chinese(text: str, limit: Limit) -> None:
    assert Limit.parse(text) == limit
    assert Limit.parse(str(limit)) == limit


@pytest.mark.parametrize(
    "moment",
    [
        datetime(2021, 9, 1),  # noqa: DTZ001
        datetime(1969, 12, 31, tzinfo=UTC),
        datetime(9999, 12, 31, 23, 59, tzinfo=UTC),
    ],
)
def test_times_without_zone_or_out_of_range(moment: datetime) -> None:
    for limit in (Limit(1, "working days"), Limit(1, "working hours")):
        with pytest.raises(InvalidInput, match="start"):
            due(office_calendar(), moment, limit)


def test_the_end_before_the_start_is_refused() -> None:
    with pytest.raises(InvalidInput, match="to"):
        worktime(office_calendar(), at("2021-09-02T00:00"), at("2021-09-01T00:00"))


def test_more_than_a_hundred_years_are_refused() -> None:
    with pytest.raises(InvalidInput, match="一百年"):
        worktime(office_calendar(), at("1970-01-02T00:00"), at("2799-01-01T00:00"))


def test_the_refusal_of_a_limit_says_what_is_wrong_with_it() -> None:
    for text, wrong in (
        ("1.5 hours", "看不懂"),
        ("9" * 30 + " hours", "过长"),
        ("5 weeks", "单位"),
    ):
        with pytest.raises(InvalidInput, match=wrong):
            Limit.parse(text)


def test_errors_survive_a_process_pool() -> None:
    error = InvalidInput("hours", "25:00", "时刻有误", row=3)
    again = pickle.loads(pickle.dumps(error))
    assert (str(again), again.field, again.row) == (str(error), "hours", 3)
