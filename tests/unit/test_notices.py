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

EXTENDED = "一、延长2020年春节假期至2月2日（农历正月初九，星期日），2月3日（星期一）起正常上班。"


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


@pytest.mark.parametrize(
    ("text", "year", "told"),
    [
        ("2月7日（星期日）上班", 2022, "第1行，2月7日写的是星期日，2022年是星期一"),
        ("放假：\n1月28日（除夕、周二）至2月4日（周三）放假", 2025, "第2行，2月4日写的是星期三"),
        ("2月7日、20日（周日、周日）上班", 2021, "2月20日写的是星期日，2021年是星期六"),
        ("2月7日周一上班", 2021, "2月7日写的是星期一，2021年是星期日"),
        ("2月7日上班（礼拜一）", 2021, "2月7日写的是星期一，2021年是星期日"),
        ("10月1日至7日放假调休，共8天。", 2021, "写的是共8天，所写日期是7天"),
        ("10月1日至7日共六天放假", 2021, "写的是共六天，所写日期是7天"),
        ("12月31日至次年1月10日放假，共十二天", 2021, "写的是共十二天，所写日期是11天"),
        ("4月5日放假2天", 2021, "写的是2天，所写日期是1天"),
        (
            "10月25–27日放假。\n10月26日上班。",
            2021,
            "第2行，10月26日写成上班，第1行“10月25–27日放假”又写成放假",
        ),
        ("9月18日上班，9月18日至21日放假", 2021, "9月18日写成放假，第1行“9月18日上班”又写成上班"),
        ("关于2021年部分节假日安排的通知\n10月1日放假", 2022, "第1行写的是2021年，填的是2022年"),
        ("元旦：2021年1月1日至3日放假", 2022, "第1行，写的是2021年，填的是2022年"),
        ("元旦：2022年1月1日至3日放假", 2021, "第1行，写的是2022年，填的是2021年"),
        ("10月1-7放假", 2021, "第1行，日期没有看懂"),
        ("一、略。10月25日放假的通知作废，正常上班。", 2021, "第1行，有“作废”：请改写成"),
        ("10月9日不再上班", 2021, "第1行，有“不再”：请改写成"),
        (EXTENDED, 2020, "第1行，有“延长”：请改写成哪天放假、哪天上班"),
        ("春节假期延 长至2月2日", 2020, "第1行，有“延长”"),
        ("10月1日至7日放假顺延至10月8日", 2021, "第1行，有“顺延”"),
        ("10月8日由放假改为上班", 2021, "第1行，有“改为”"),
        ("10月9日（星期六）公休日调至10月8日，10月9日上班", 2021, "第1行，有“调至”"),
        ("10月1日起放假，10月8日上班", 2021, "第1行，有“起”：请改写成"),
        ("10月9日（星期六）起正常上班", 2021, "第1行，有“起正常”：请改写成"),
        ("10月1日放假至10月7日", 2021, "第1行，日期没有看懂"),
        ("春节放假到2月17日，2月20日上班", 2021, "第1行，日期没有看懂"),
    ],
)
def test_a_notice_that_contradicts_itself_or_its_year_is_refused_with_the_place(
    text: str, year: int, told: str
) -> None:
    with pytest.raises(InvalidInput, match=told):
        understood(text, year)


def test_the_notice_of_one_year_is_none_of_another() -> None:
    without_its_year = OF_2021.replace("2021年", "")
    assert understood(without_its_year, 2021) == understood(OF_2021, 2021)
    for year in (2020, 2022):
        with pytest.raises(InvalidInput, match="写的是星期"):
            understood(without_its_year, year)
        with pytest.raises(InvalidInput, match=f"写的是2021年，填的是{year}年"):
            understood(OF_2021, year)


def test_a_whole_notice_is_taken_with_all_that_stands_around_its_dates() -> None:
    found = understood(
        """国办发明电〔2024〕12号
根据2024年11月修订的《全国年节及纪念日放假办法》，自2025年1月1日起，全体公民放假的假日增加2天，其中春节、
劳动节各增加1天。现将2025年部分节假日安排的通知如下。
一、元旦：1月1日（周三）放假1天，不调休。
二、春节：1月28日（农历除夕、周二）至2月4日（农历正月初七、周二）放假调休，共8天。1月26日（周日）、2月8日（周六）上班。
五、端午节：5月31日（周六）至6月2日（周一）放假，共3天。
国务院办公厅
2024年11月12日""",
        2025,
    )
    assert len(found.off) == 1 + 8 + 3
    assert found.working == ("2025-01-26", "2025-02-08")


@pytest.mark.parametrize(
    ("text", "off", "working"),
    [
        ("5月1日放假，与周末连休，共3天", ["2021-05-01"], []),
        ("10月7日不上班，10月9日补班", ["2021-10-07"], ["2021-10-09"]),
        ("1月1日放假，1月4日补休", ["2021-01-01", "2021-01-04"], []),
        ("10月7日放假，10月8日（星期五）起正常上班", ["2021-10-07"], []),
        ("10月7日放假，10月8日开始恢复正常上班", ["2021-10-07"], []),
        ("经研究，假期安排调整如下：10月7日放假", ["2021-10-07"], []),
        ("10月1—2日放假", ["2021-10-01", "2021-10-02"], []),
    ],
)
def test_other_words_for_it(text: str, off: list[str], working: list[str]) -> None:
    found = understood(text, 2021)
    assert (list(found.off), list(found.working)) == (off, working)


def test_dates_one_by_one() -> None:
    assert listed("off", "2021-10-01 2021-10-02，2021-10-03") == [
        "2021-10-01",
        "2021-10-02",
        "2021-10-03",
    ]
    with pytest.raises(InvalidInput):
        listed("off", "10月1日")
