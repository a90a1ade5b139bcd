"""What a unit and a file may read of what a citizen wrote: no number, however it is written."""

import pytest

from schemas.persons import HIDDEN, without_persons

PHONE = "13812345678"


@pytest.mark.parametrize(
    "written",
    [
        PHONE,
        "１３８１２３４５６７８",
        "138 1234 5678",
        "138  1234  5678",
        "138-1234-5678",
        "138－1234－5678",
        "138—1234—5678",
        "138 - 1234 - 5678",
        "138.1234.5678",
        "138·1234·5678",
        "138/1234/5678",
        "138～1234～5678",
        "138、1234、5678",
        "138ー1234ー5678",
        "13812 345678",
        "13812-345678",
        "1381 2345 678",
        "1 3 8 1 2 3 4 5 6 7 8",
        "1-3-8-1-2-3-4-5-6-7-8",
        "138\u200b1234\u20605678",
        "\u200b".join(PHONE),
        "+86 138 1234 5678",
        "+86（138）12345678",
        "008613812345678",
        "013812345678",
        "0533-2223344",
        "0533－2223344",
        "(0533)2223344",
        "（0533）2223344",
        "０５３３－２２２３３４４",
        "+86 533 2223344",
        "010-62200000",
        "370303198001011234",
        "37030319800101123X",
        "370303 1980 0101 1234",
        "370303800101123",
    ],
)
@pytest.mark.parametrize(
    "around",
    [
        "{}",
        "我的电话{}，一直打不通",
        "①打{}②",
        "2021年9月16日{}。",
        "call {}x",
        "甲2，{}；",
        "（{}）",
    ],
)
def test_a_number_is_hidden_however_it_is_written(written: str, around: str) -> None:
    assert without_persons(around.format(written)) == around.format(HIDDEN)


@pytest.mark.parametrize(
    ("told", "shown"),
    [
        ("发到abc.d@qq.com谢谢", "发到【隐去】谢谢"),
        ("发到ａｂｃ＠ｑｑ．ｃｏｍ", "发到【隐去】"),
        ("加微信号：abc_1234。", "加微信号：【隐去】。"),
        ("微信是zhang-san", "微信是【隐去】"),
        ("加我vx abc12345", "加我vx 【隐去】"),
        ("wxid_0a1b2c3d", "【隐去】"),
    ],
)
def test_so_are_addresses_where_they_are_told_as_such(told: str, shown: str) -> None:
    assert without_persons(told) == shown


@pytest.mark.parametrize(
    "said",
    [
        "CP21-0028",
        "CP21-1381 2345678",
        "CP21-0533 20210916",
        "GD21-0028-1",
        "GD21-0028-1 2021-09-16",
        "2021-09-16T09:30:00",
        "1998-12-31 08:30",
        "评价时间：2021-09-16 09:30\n核实期限：2021-09-17 17:30",
        "09:30-11:30，13:30-17:00",
        "13:30-17:00，200元",
        "0830-1130，1330-1700",
        "13812.34元",
        "1,500,000元",
        "第13、14、15、16、17号窗口",
        "1、3、4、5、6、7、8、9、10、11号窗口",
        "12345热线",
        "1381234567",
        "138123456789",
        "JS202109160001",
        "370303210701000",
        "370303210901000123",
        "91370303MA3C12345X",
        "12370303493012345X",
        "523703030042207891",
        "微信公众号zibo12345",
        "微信小程序abc12345",
        "用微信支付20210916",
    ],
)
def test_dates_times_amounts_and_other_numbers_stay(said: str) -> None:
    for around in ("{}", "见{}。", "（{}）"):
        text = around.format(said)
        assert without_persons(text, "13900005678", "05332280000") == text


@pytest.mark.parametrize(
    ("told", "shown"),
    [
        ("138转1234转5678", "【隐去】"),
        ("打幺三八 12345678找我", "打【隐去】找我"),
        ("一三八一二三四五六七八一直打不通", "【隐去】一直打不通"),
        ("先138，中间1234，后面5678。", "先【隐去】。"),
        ("1381-2345-678", "【隐去】"),
        ("138.1.2.3.4.5.6.7.8", "【隐去】"),
        ("家里222-3344，张三接", "家里【隐去】，【隐去】接"),
    ],
)
def test_what_is_known_of_who_wrote_is_found_however_it_is_spelt(told: str, shown: str) -> None:
    assert without_persons(told, PHONE, "05332223344", "张三", "") == shown


def test_a_text_of_any_kind_keeps_what_stands_around() -> None:
    for text in ("", "办得慢\n又让我回去", "½㎡ ①②③ 👍🏽", HIDDEN):
        assert without_persons(text, "") == text
