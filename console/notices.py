"""放假通知: the State Council's words understood: which dates are off, which are worked; pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import zip_longest

from console.wording import WEEKDAYS
from workflow.errors import InvalidInput

LONGEST = timedelta(days=20)
"""A stretch of days off that is longer is a misreading."""

_WEEKDAY = re.compile(r"(?:星期|礼拜|周)([一二三四五六日天])")
_ASIDE = re.compile(r"[（(]([^（）()]*)[）)]")
_BARE = re.compile(rf"(?<=[日号])({_WEEKDAY.pattern})")
_NAMED = re.compile(r"（([^）]*)）")
_UNTIL = r"[至到—–~～－-]+(?:次年|翌年|明年)?"
_DATE = r"(?:(?P<{0}y>\d{{4}})年)?(?:(?P<{0}m>\d{{1,2}})月)?(?P<{0}d>\d{{1,2}})"
_DAY = r"(?:\d{4}年)?(?:\d{1,2}月)?\d{1,2}[日号]"
_STRETCH = re.compile(
    rf"{_DATE.format('a')}(?:[日号](?:（(?P<aw>[^）]*)）)?|(?={_UNTIL}{_DAY}))"
    rf"(?:{_UNTIL}{_DATE.format('b')}[日号](?:（(?P<bw>[^）]*)）)?)?"
)
_LEFT = re.compile(r"月\d|\d[日号]")
_VERB = re.compile(r"(不?)(放假|补休|休息|上班|补班)")
_COUNT = re.compile(r"(?:共计?|^)(\d{1,3}|[一二三四五六七八九十]{1,3})天")
_ALTERED = re.compile(
    "作废|取消|撤销|废止|失效|不再|延长|顺延|延后|推迟|提前|缩短|改[为到在]|调整?[为到至]"
)
_FROM = re.compile("(?:起|开始)(?:恢复)?(?:正常)?$")
_ENDS_LATER = re.compile(_UNTIL + _DAY)
_YEAR = re.compile(r"(\d{4})年度?[^。；;，,《（(\d]{0,8}?(?:节假日|假期|放假|休假)")
_REWRITE = "请改写成哪天放假、哪天上班"
_ISO = re.compile(r"\d{4}-\d{2}-\d{2}")


@dataclass(frozen=True, slots=True)
class Notice:
    """What a notice says of single dates, sorted, as `YYYY-MM-DD`."""

    off: tuple[str, ...]
    working: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Said:
    """Words of the text, and the line they stand on."""

    words: str
    line: int

    def wrong(self, reason: str, field: str = "notice") -> InvalidInput:
        return InvalidInput(field, self.words, f"第{self.line}行，{reason}")


@dataclass(frozen=True, slots=True)
class _Clause:
    """What ends where somebody is off or at work; `after`: from there to the next such word."""

    said: _Said
    dates: str
    working: bool
    after: str


def understood(text: str, year: int) -> Notice:
    """The dates of a notice about a year: “10月1日至7日放假调休，共7天。9月26日（星期日）上班。”

    Raises InvalidInput, with the place, where no date is to be found, where a date is none, and
    where the text disagrees with its own weekdays, counts or years, or with itself.
    """
    told: dict[bool, dict[date, _Said]] = {True: {}, False: {}}
    for line, said in enumerate(text.splitlines(), 1):
        check_year(said, year, f"第{line}行")
        _check_nothing_altered(said, line)
        for clause in _clauses(_plain(said), line):
            for day in _days(clause, year):
                other = told[not clause.working].get(day)
                if other is not None:
                    raise _contradiction(day, clause, other)
                told[clause.working][day] = clause.said
    if not told[False] and not told[True]:
        raise InvalidInput("notice", "", "没有看懂：要有“某月某日至某日放假”“某月某日上班”这样的话")
    return Notice(_texts(told[False]), _texts(told[True]))


def check_year(words: str, year: int, place: str) -> None:
    """Raises InvalidInput if these words name the year of a notice, and it is another one."""
    for found in _YEAR.finditer(words):
        if int(found[1]) != year:
            raise InvalidInput("year", found[0], f"{place}写的是{found[1]}年，填的是{year}年")


def _check_nothing_altered(words: str, line: int) -> None:
    """What is said of an earlier word would be read as its opposite: “10月25日放假的通知作废” as a
    day off, “假期延长至2月2日，3日上班” as two days at work. Raises InvalidInput.
    """
    for sentence in re.split("[。；;]", re.sub(r"\s+", "", words)):
        if (altered := _ALTERED.search(sentence)) and _LEFT.search(sentence):
            raise _Said(sentence, line).wrong(f"有“{altered[0]}”：{_REWRITE}")


def listed(field: str, text: str) -> list[str]:
    """Dates typed one by one, parted by blanks, commas or lines. Raises InvalidInput."""
    found = [part for part in re.split(r"[\s,，、;；]+", text) if part]
    for part in found:
        if _ISO.fullmatch(part) is None:
            raise InvalidInput(field, part, "须是日期，如 2021-10-08")
    return found


def _plain(line: str) -> str:
    """Without blanks and asides, whose weekdays stay: “（农历除夕、周二）” is “（周二）”."""

    def weekdays(aside: re.Match[str]) -> str:
        named = "、".join(found[0] for found in _WEEKDAY.finditer(aside[1]))
        return f"（{named}）" if named else ""

    return _BARE.sub(r"（\1）", _ASIDE.sub(weekdays, re.sub(r"\s+", "", line)))


def _clauses(line: str, number: int) -> Iterator[_Clause]:
    """Each has one meaning: its dates are off, or worked."""
    verbs, begin = list(_VERB.finditer(line)), 0
    for verb, following in zip_longest(verbs, verbs[1:]):
        dates = re.split("[。；;]", line[begin : verb.start()])[-1]
        after = line[verb.end() : following.start() if following else len(line)]
        begin = verb.end()
        said = _Said(dates.lstrip("，、,") + verb[0], number)
        working = (verb[2] in ("上班", "补班")) != bool(verb[1])
        yield _Clause(said, dates, working, after)


def _days(clause: _Clause, year: int) -> list[date]:
    """Every date of the clause. Raises InvalidInput."""
    found: list[date] = []
    named: list[date] = []
    month = 0
    for stretch in _STRETCH.finditer(clause.dates):
        said = _Said(stretch[0], clause.said.line)
        month = int(stretch["am"] or month)
        first, last = _ends(stretch, month, year, said)
        month = int(stretch["bm"] or month)
        found += _between(first, last, said)
        named.append(first)
        _check_weekdays(stretch["aw"], named, said)
        if stretch["bd"]:
            named.append(last)
            _check_weekdays(stretch["bw"], named, said)
    if _LEFT.search(_STRETCH.sub("·", clause.dates)) or _ENDS_LATER.match(clause.after):
        raise clause.said.wrong("日期没有看懂")
    following = _NAMED.match(clause.after)
    _check_weekdays(following and following[1], named, clause.said)
    if found and not clause.working:
        _check_count(clause, len(set(found)))
    return [] if _goes_on(clause, found) else found


def _goes_on(clause: _Clause, days: list[date]) -> bool:
    """Whether days are as ever from there on: “2月3日（星期一）起正常上班” makes none a workday.
    Raises InvalidInput where days off have no end, and where it is a weekend that is worked.
    """
    since = _FROM.search(clause.dates)
    if since and days and not (clause.working and all(day.weekday() < 5 for day in days)):
        raise clause.said.wrong(f"有“{since[0]}”：{_REWRITE}")
    return since is not None


def _ends(stretch: re.Match[str], month: int, year: int, said: _Said) -> tuple[date, date]:
    """The first and the last day. A notice may begin in the December before its year."""
    first = last = _date(int(stretch["ay"] or year), month, stretch["ad"], said)
    if stretch["bd"]:
        later = re.search("[次翌明]年", said.words) is not None
        ends = int(stretch["by"] or first.year + later)
        last = _date(ends, int(stretch["bm"] or month), stretch["bd"], said)
    if year not in (first.year, last.year) and (first.year, first.month) != (year - 1, 12):
        raise said.wrong(f"写的是{first.year}年，填的是{year}年", "year")
    return first, last


def _between(first: date, last: date, said: _Said) -> Iterator[date]:
    if not first <= last <= first + LONGEST:
        raise said.wrong("起止日期不对")
    for n in range((last - first).days + 1):
        yield first + timedelta(days=n)


def _date(year: int, month: int, day: str, said: _Said) -> date:
    if not month:
        raise said.wrong("看不出是几月")
    try:
        return date(year, month, int(day))
    except ValueError:
        raise said.wrong("没有这一天") from None


def _check_weekdays(told: str | None, named: list[date], said: _Said) -> None:
    """Weekdays in one aside are those of the dates named last: “2月7日、20日（周日、周六）”."""
    for word, day in zip(reversed(_WEEKDAY.findall(told or "")), reversed(named), strict=False):
        true = WEEKDAYS[day.weekday()]
        if word.replace("天", "日") != true:
            month_day = f"{day.month}月{day.day}日"
            raise said.wrong(f"{month_day}写的是星期{word}，{day.year}年是星期{true}")


def _check_count(clause: _Clause, days: int) -> None:
    """“共7天”, before “放假” or behind it, is how many days the dates are."""
    behind = _STRETCH.split(clause.after, maxsplit=1)[0]
    found = _COUNT.search(clause.dates) or _COUNT.search(behind)
    # “与周末连休，共3天” counts days that the dates do not name.
    if found and "连休" not in behind[: found.start()] and _number(found[1]) != days:
        said = _Said(f"{clause.said.words}…{found[0]}", clause.said.line)
        raise said.wrong(f"写的是{found[0]}，所写日期是{days}天")


def _number(word: str) -> int:
    """3, 三, 十三, 二十."""
    if word.isdecimal():
        return int(word)
    tens, ten, ones = word.rpartition("十")
    digits = "零一二三四五六七八九"
    return (digits.find(tens or "一") if ten else 0) * 10 + digits.find(ones or "零")


def _contradiction(day: date, clause: _Clause, other: _Said) -> InvalidInput:
    here, there = ("上班", "放假") if clause.working else ("放假", "上班")
    return clause.said.wrong(
        f"{day.month}月{day.day}日写成{here}，第{other.line}行“{other.words}”又写成{there}"
    )


def _texts(days: Iterable[date]) -> tuple[str, ...]:
    return tuple(day.isoformat() for day in sorted(days))
