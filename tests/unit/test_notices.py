"""A year's notice as it is pasted: the days off and the days worked that it tells of."""

import pytest

from console.notices import listed, understood
from workflow.calendar_official import official
from workflow.errors import InvalidInput

OF_2021 = """一、元旦：2021年1月1日至3日放假，共3天。
二、春节：2月11日至17日放假调休，共7天。2月7日（星期日）、2月20日（星期六）上班。
三、清明节：4月3日至5日放假调休，共3天。
四、劳动节：5月1日至5日放假调休，共5天。4月25日（星期日）、5月8日（星期六）上班。
五、端午节：6月12日至14日放假，共3天。
六、中秋节：9月19日至21日放假，共3天。9月18日（星期六）上班。
七、国庆节：10月1日至7日放假调休，共7天。9月26日（星期日）、10月9日（星期六）上班。"""


def test_the_notice_of_2021_says_what_the_calendar_knows() -> None:
    found = understood(OF_2021, 2021)
    known = {day: one for day, one in official("china").declared.items() if day.year == 2021}
    assert set(found.off) == {str(day) for day, one in known.items() if not one.working}
    assert set(found.working) == {str(day) for day, one in known.items() if one.working}


@pytest.mark.parametrize(
    ("text", "year", "off", "working"),
    [
        ("元旦：2022年12月31日至2023年1月2日放假调休。", 2023, ("2022-12-31", "2023-01-02"), ()),
        ("12月30日至次年1月1日放假", 2022, ("2022-12-30", "2023-01-01"), ()),
        (
            "春节：1月28日（农历除夕、周二）至2月4日放假调休。1月26日（周日）、2月8日（周六）上班。",
            2025,
            ("2025-01-28", "2025-02-04"),
            ("2025-01-26", "2025-02-08"),
        ),
        ("9月3日放假", 2015, ("2015-09-03", "2015-09-03"), ()),
    ],
)
def test_how_notices_say_it(
    text: str, year: int, off: tuple[str, str], working: tuple[str, ...]
) -> None:
    found = understood(text, year)
    assert (found.off[0], found.off[-1]) == off
    assert found.working == working


@pytest.mark.parametrize(
    "text", ["", "请合理安排", "2月30日放假", "10月7日至1日放假", "1月1日至6月1日放假", "7日放假"]
)
def test_what_is_not_understood_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput):
        understood(text, 2021)


def test_dates_one_by_one() -> None:
    assert listed("off", "2021-10-01 2021-10-02，2021-10-03") == [
        "2021-10-01",
        "2021-10-02",
        "2021-10-03",
    ]
    with pytest.raises(InvalidInput):
        listed("off", "10月1日")
