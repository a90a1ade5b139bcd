"""Each source reads its own codes; what it does not know it refuses, and says why."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from producers.platforms import parse_json_rows
from producers.sources import Kind, load_source, source, sources
from schemas.codes import Channel, Origin, PromiseUnit, ServiceKind, UserKind
from schemas.rating import Rating, Refusal, ServiceRecord
from workflow.errors import InvalidInput

NATIONAL = {
    "projectNo": "JS2021070001",
    "serviceNumber": "1",
    "assessNumber": "1",
    "orgName": "区医保局",
    "pf": "4",
    "satisfaction": "5",
    "assessTime": "2021-07-01 09:30:00",
}
STANDARD = {
    "办件编号": "JS2021070001",
    "评价渠道": "政务大厅平板电脑",
    "评价时间": "20210701T093000",
    "满意度代码": "1",
}


def rating(name: str, row: dict[str, str], **changes: str) -> Rating:
    read = source(name).parse(Kind.RATING, {**row, **changes}, 2)
    assert isinstance(read, Rating), read
    return read


def refusal(name: str, row: dict[str, str], **changes: str) -> Refusal:
    read = source(name).parse(Kind.RATING, {**row, **changes}, 7)
    assert isinstance(read, Refusal), read
    assert read.row == 7
    return read


def test_an_unknown_source_is_refused_and_the_known_ones_are_named() -> None:
    with pytest.raises(InvalidInput, match="bihuan、fujian、gbt39046、shandong、zhejiang"):
        source("hainan")
    assert source("jining") is source("shandong")


def test_the_standards_satisfaction_runs_the_other_way() -> None:
    levels = [
        rating("gbt39046", STANDARD, 满意度代码=str(code)).satisfaction for code in range(1, 6)
    ]
    assert levels == [5, 4, 3, 2, 1]
    assert rating("shandong", NATIONAL, satisfaction="4").satisfaction == 4


def test_name_and_code_of_a_level_must_agree() -> None:
    assert rating("gbt39046", STANDARD, 满意度="非常满意").satisfaction == 5
    assert refusal("gbt39046", STANDARD, 满意度="非常不满意").field == "satisfaction"


def test_channels_six_and_seven_mean_what_their_province_says() -> None:
    fujian = {**NATIONAL, "evaluateType": "1"}
    del fujian["assessNumber"]
    assert rating("fujian", fujian, pf="6").pf is Channel.PHONE
    assert rating("fujian", fujian, pf="7").pf is Channel.SMS
    assert rating("zhejiang", NATIONAL, pf="6").pf is Channel.SMS
    default = rating("zhejiang", NATIONAL, pf="7")
    assert (default.pf, default.origin) == (Channel.SYSTEM, Origin.DEFAULT)
    for name in ("shandong", "bihuan"):
        row = NATIONAL if name == "shandong" else OWN
        found = refusal(name, row, pf="6")
        assert (found.field, found.value) == ("pf", "6")
        assert found.reason.startswith(f"来源 {name} 没有这个代码，可写：1 电脑端、2 移动端、")


def test_kinds_of_service_and_user_contradict_each_other_too() -> None:
    row = {"projectNo": "1", "serviceNumber": "1", "orgName": "区医保局", "promiseTime": "1"}
    row["serviceTime"] = "2021-07-01 09:00:00"
    kinds = {}
    for name in ("shandong", "zhejiang"):
        service = source(name).parse(Kind.SERVICE, row, 2)
        assert isinstance(service, ServiceRecord)
        kinds[name] = service.promiseTime
    assert kinds == {"shandong": ServiceKind.IMMEDIATE, "zhejiang": ServiceKind.PROMISED}
    assert rating("shandong", NATIONAL, userProp="2").userProp is UserKind.ENTERPRISE
    assert rating("zhejiang", NATIONAL, userProp="2").userProp is UserKind.LEGAL_PERSON
    assert refusal("zhejiang", NATIONAL, userProp="3").field == "userProp"


def served(name: str, **more: str) -> ServiceRecord | Refusal:
    row = {"projectNo": "1", "serviceNumber": "1", "serviceTime": "2021-07-01 09:00:00"}
    read = source(name).parse(Kind.SERVICE, row | {"deptCode": "区医保局"} | more, 7)
    assert not isinstance(read, Rating)
    return read


def test_what_was_promised_is_a_number_of_a_unit_where_the_source_has_both() -> None:
    for code, unit in enumerate(PromiseUnit):
        read = served("shandong", promiseDay="5", promiseType=str(code))
        assert isinstance(read, ServiceRecord), read
        assert (read.promiseDay, read.promiseType) == (5, unit)
    own = served("bihuan", 承诺时限="20", 承诺时限单位="工作日", 办件类型="承诺件")
    assert isinstance(own, ServiceRecord), own
    assert (own.promiseDay, own.promiseType) == (20, PromiseUnit.WORKING_DAYS)
    for name in ("zhejiang", "fujian"):  # nobody knows their units
        other = served(name, promiseDay="5", promiseType="1")
        assert isinstance(other, ServiceRecord), other
        assert (other.promiseDay, other.promiseType) == (None, None)


def test_a_promise_that_cannot_be_is_refused_by_its_field() -> None:
    for said in ("00", "-1", "10000", "1.5", "五", "٥"):
        found = served("shandong", promiseDay=said, promiseType="1")
        assert found == Refusal(7, "promiseDay", said, "须是 0 至 9999 的整数")
    for unit in ({}, {"promiseType": ""}):
        found = served("shandong", promiseDay="5", **unit)
        assert found == Refusal(7, "promiseType", "", "写了承诺时限，须写它的单位")
    found = served("shandong", promiseDay="5", promiseType="9")
    reason = "来源 shandong 没有这个代码，可写：0 天、1 工作日、2 月、3 年"
    assert found == Refusal(7, "promiseType", "9", reason)
    for said, unit in (("", "1"), ("0", "1"), ("0", "")):  # done at once: nothing is promised
        nothing = served("shandong", promiseDay=said, promiseType=unit)
        assert isinstance(nothing, ServiceRecord), nothing
        assert nothing.promiseDay is None


def test_a_service_is_not_done_before_it_was_accepted() -> None:
    days = {"acceptDate": "2021-07-01 09:00:00", "resultDate": "2021-07-01 08:59:59"}
    found = served("shandong", **days)
    assert found == Refusal(7, "resultDate", "2021-07-01 08:59:59", "办结时间早于受理时间")
    at_once = served("shandong", **days | {"resultDate": "2021-07-01 09:00:00"})
    assert isinstance(at_once, ServiceRecord), at_once
    assert at_once.acceptDate == at_once.resultDate


def test_in_jining_the_assess_number_counts_services_not_ratings() -> None:
    row = {**NATIONAL, "serviceNumber": "3", "assessNumber": "3"}
    assert rating("jining", row).assessNumber == "1"
    assert rating("jining", row).source == "shandong"
    assert rating("zhejiang", row).assessNumber == "3"


def test_where_a_rating_comes_from() -> None:
    assert rating("shandong", NATIONAL).origin is Origin.ONSITE_ACTIVE
    assert rating("shandong", NATIONAL, pf="2").origin is Origin.REMOTE_ACTIVE
    assert rating("shandong", NATIONAL, isdefault="0").origin is Origin.ONSITE_ACTIVE
    assert rating("shandong", NATIONAL, isdefault="1").origin is Origin.DEFAULT
    assert refusal("shandong", NATIONAL, isdefault="2").field == "isdefault"
    added = rating(
        "fujian", {k: v for k, v in NATIONAL.items() if k != "assessNumber"}, evaluateType="2"
    )
    assert (added.origin, added.assessNumber) == (Origin.ADDED_LATER, "2")
    assert rating("bihuan", OWN).origin is Origin.IMPORTED
    assert rating("bihuan", OWN, 评价渠道="大厅平板").origin is Origin.ONSITE_ACTIVE
    assert (
        rating("bihuan", OWN, 评价渠道="大厅平板", 评价来源="事后补评").origin is Origin.ADDED_LATER
    )


OWN = {
    "办件编号": "JS1",
    "评价时间": "2021-07-01 09:30:00",
    "满意度": "满意",
    "单位名称": "区医保局",
}


@pytest.mark.parametrize(
    "text",
    ["2021-07-01 09:30:00", "2021-07-01T09:30:00+08:00", "2021-07-01T01:30:00Z", "2021/7/1 9:30"],
)
def test_one_moment_written_in_four_ways(text: str) -> None:
    moment = datetime(2021, 7, 1, 1, 30, tzinfo=UTC)
    assert rating("bihuan", OWN, 评价时间=text).assessTime == moment


@pytest.mark.parametrize(
    "text",
    [
        "1970-01-01 00:00:00",
        "9999-12-31 23:59:59",
        "0001-01-01T00:00:00+14:00",
        "2021-07-01 23:59:60",
        "2021-07-01 24:00:00",
        "2021-02-30 09:00:00",
        "2021-07-01",
        "2021-W01-1 09:00:00",
        "2021-07-01 093000.1",
        "２０２１-07-01 09:30:00",
        "1625103000",
        "昨天",
    ],
)
def test_times_that_are_none_are_refused(text: str) -> None:
    refused = refusal("bihuan", OWN, 评价时间=text)
    assert refused.field == "assessTime"
    assert refused.value == text


def test_a_province_does_not_write_times_our_way() -> None:
    refused = refusal("shandong", NATIONAL, assessTime="2021-07-01T09:30:00+08:00")
    assert refused.reason == "不是时间，应如 2021-09-16 09:30:00"


def test_a_bad_rating_without_a_word_is_refused_and_no_reason_is_invented() -> None:
    bad = {**NATIONAL, "satisfaction": "1"}
    assert refusal("shandong", bad).reason == "差评必须勾选原因或填写文字评价"
    for unseen in ("\u200b", "\u3164\u2800", " \ufeff\u2060 "):
        refused = refusal("shandong", bad, writingEvaluation=unseen)
        assert (refused.field, refused.reason) == ("evalDetail", "差评必须勾选原因或填写文字评价")
    assert rating("shandong", bad, evalDetail="109，115").evalDetail == ("109", "115")
    said = rating("shandong", bad, writingEvaluation="又让我回去开证明")
    assert (said.evalDetail, said.writingEvaluation) == ((), "又让我回去开证明")
    unsaid = rating("gbt39046", STANDARD, 满意度代码="5")
    assert (unsaid.satisfaction, unsaid.evalDetail, unsaid.writingEvaluation) == (1, (), "")


@pytest.mark.parametrize("codes", ["510", "999", "0", "109;abc"])
def test_impossible_reasons(codes: str) -> None:
    refused = refusal("shandong", {**NATIONAL, "satisfaction": "1"}, evalDetail=codes)
    assert (refused.field, refused.value) == ("evalDetail", codes)


def test_a_retired_reason_is_still_taken() -> None:
    row = {**NATIONAL, "satisfaction": "1", "evalDetail": "101"}
    assert rating("shandong", row).evalDetail == ("101",)


def test_two_columns_of_one_meaning_fill_in_for_each_other_but_may_not_differ() -> None:
    assert (
        rating("shandong", NATIONAL, mobile="", contactMobile="13812345678").mobile == "13812345678"
    )
    refused = refusal("shandong", NATIONAL, mobile="13812345678", contactMobile="13912345678")
    assert (refused.field, refused.reason) == ("mobile", "两栏内容不一致")
    assert "12345" not in refused.value


def test_text_is_cleaned_but_a_key_is_never_changed() -> None:
    read = rating(
        "bihuan", OWN, 文字评价="办得\x00快\u202e\x0b，e\u0301 谢谢\n再见", 事项名称="\ud800x"
    )
    assert read.writingEvaluation == "办得快，é 谢谢\n再见"
    assert read.taskName == "\ufffdx"
    assert refusal("bihuan", OWN, 办件编号="JS\x001").reason == "含控制字符或乱码"
    assert refusal("bihuan", OWN, 办件编号="3.70303E+17").field == "projectNo"


def test_a_row_without_a_unit_is_refused_where_the_source_has_units() -> None:
    assert refusal("bihuan", OWN, 单位名称=" ").field == "proDepart"
    assert rating("gbt39046", STANDARD).proDepart == ""


def test_the_standards_service_record_brings_the_unit_its_rating_cannot_name() -> None:
    row = {
        "办件编号": "JS2021070001",
        "serviceTime": "20210701T091500",
        "proDepart": "区医保局",
        "promiseTime": "9",
    }
    read = source("gbt39046").parse(Kind.SERVICE, row, 2)
    assert isinstance(read, ServiceRecord), read
    of_rating = rating("gbt39046", STANDARD)
    assert (read.projectNo, read.serviceNumber) == (of_rating.projectNo, of_rating.serviceNumber)
    assert (read.proDepart, read.promiseTime) == ("区医保局", ServiceKind.OTHER)
    assert read.serviceTime == datetime(2021, 7, 1, 1, 15, tzinfo=UTC)


def test_a_row_with_several_problems_names_them_all() -> None:
    row = {**OWN, "userName": "欧阳某" * 99, "pf": "9", "evalDetail": ""}
    read = refusal("bihuan", row, 满意度="1", 评价时间="昨天", 单位名称="")
    assert (read.field, read.value) == ("pf", "9")
    said = read.reason.split("；")
    assert [part.split(" ")[0].split("（")[0] for part in said[1:]] == [
        "评价时间",
        "单位名称：缺少单位名称或单位代码",
        "评价原因：差评必须勾选原因或填写文字评价",
        "评价人",
    ]
    assert "（昨天）不是时间" in said[1]
    assert "欧阳" not in read.reason
    missing = source("shandong").parse(Kind.RATING, {"satisfaction": "5"}, 1)
    assert isinstance(missing, Refusal)
    assert (missing.field, missing.reason) == (
        "projectNo",
        "缺少；服务序号：缺少；评价渠道：缺少；评价时间：缺少",
    )


def test_a_default_rating_cannot_say_that_it_was_active() -> None:
    assert rating("bihuan", OWN, pf="系统默认").origin is Origin.DEFAULT
    assert refusal("bihuan", OWN, pf="系统默认", origin="现场主动").field == "origin"


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("办件编号", "3.70303E+17"),
        ("办件编号", "3.7e+17"),
        ("办件编号", "=A2&B2"),
        ("单位代码", "1.137E+17"),
        ("手机号", "1.38E+10"),
        ("证件号", "3.70303E+17"),
    ],
)
def test_a_number_a_spreadsheet_has_spoilt_is_refused(field: str, text: str) -> None:
    read = refusal("bihuan", OWN, **{field: text})
    assert read.field == source("bihuan").field(field)
    assert "科学计数" in read.reason or "公式" in read.reason


def test_a_time_beyond_all_calendars_is_out_of_range_not_illegible() -> None:
    for text in ("9999-12-31 23:59:59", "9999-12-31T23:59:59-14:00", "1970-01-01 00:00:00"):
        assert refusal("bihuan", OWN, 评价时间=text).reason.startswith("时间不在 2000 年")


def test_an_unknown_field_is_refused_never_dropped() -> None:
    assert refusal("bihuan", OWN, evaldetails="109").reason == "不认识的字段"
    assert rating("shandong", NATIONAL, sync_sign="1", taskHandleItem="x").satisfaction == 5


def test_a_message_answers_for_each_row() -> None:
    body = """[
        {"projectNo":"1","assessTime":"2021-07-01 09:00:00","satisfaction":5,"proDepart":"甲局"},
        {"projectNo":"2","serviceTime":"2021-07-01 09:00:00","proDepart":"甲局"},
        {"projectNo":"3","assessTime":"2021-07-01 09:00:00","satisfaction":1,"proDepart":"甲局",
         "evalDetail":["109","115"]},
        {"projectNo":"4","satisfaction":true},{"projectNo":"5","satisfaction":5.0},
        {"projectNo":"6"},7,{"projectNo":"8","role":"admin","satisfaction":5}]"""
    batch = parse_json_rows(body.encode(), source("bihuan"))
    assert [type(row).__name__ for row in batch.rows] == ["Rating", "ServiceRecord", "Rating"]
    assert batch.numbers == [1, 2, 3]
    assert [(refused.row, refused.field) for refused in batch.refused] == [
        (4, "satisfaction"),
        (5, "satisfaction"),
        (6, "satisfaction"),
        (7, ""),
        (8, "role"),
    ]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b'[{"projectNo":"1"',
        b'{"projectNo":"1"}',
        b'"text"',
        b"\xff\xfe[\x00]\x00",
        b'[{"a":"\xd5\xc5"}]',
        b"[" * 100_000,
        b"[" + b" " * (17 << 20) + b"]",
        b"[" + b"1," * 20_000 + b"1]",
    ],
)
def test_a_body_that_is_no_list_of_rows_is_one_clear_error(body: bytes) -> None:
    with pytest.raises(InvalidInput) as caught:
        parse_json_rows(body, source("bihuan"))
    assert caught.value.field == "正文"
    assert not re.search("[a-z]{3}", caught.value.reason)


@pytest.mark.parametrize(
    ("row", "field", "value", "reason"),
    [
        (b'{"projectNo":"1","projectNo":"2"}', "", "", "同一字段出现两次"),
        (b'{"projectNo":"1","satisfaction":NaN}', "satisfaction", "nan", "应为文本"),
        (b'{"satisfaction":5.0}', "satisfaction", "5.0", "应为文本"),
        (b'{"userName":true}', "userName", "（已隐去，4字）", "应为文本"),
        (b'{"mobile":{"a":"13812345678"}}', "mobile", "", "应为文本"),
        (b'{"projectNo":' + b"9" * 5000 + b"}", "satisfaction", "", "看不出是办件还是评价"),
    ],
)
def test_a_row_that_cannot_be_meant_stops_no_other(
    row: bytes, field: str, value: str, reason: str
) -> None:
    good = b'{"projectNo":"1","serviceTime":"2021-07-01 09:00:00","proDepart":"a"}'
    batch = parse_json_rows(b"\xef\xbb\xbf[" + row + b"," + good + b"]", source("bihuan"))
    assert batch.numbers == [2]
    assert batch.refused == [Refusal(1, field, value, reason)]


def test_a_lone_surrogate_in_a_message_is_replaced() -> None:
    row = rb'{"projectNo":"1","assessTime":"2021-07-01 09:00:00","satisfaction":5,"unit":"\ud800"}'
    body = b"[" + row.replace(b"unit", b"proDepart") + b"]"
    (read,) = parse_json_rows(body, source("bihuan")).rows
    assert read.proDepart == "\ufffd"


SHANDONG = Path(__file__).parents[2] / "producers" / "sources" / "shandong.toml"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("requires_reason = true", "requires_reason = true\nfriendly = true"),
        ('"4" = "pad"', '"4" = "tablet"'),
        ('zone = "Asia/Shanghai"', 'zone = "Asia/Zibo"'),
        ('orgName = "proDepart"', 'orgName = "department"'),
        ('times = ["national"]', 'times = ["whenever"]'),
        ('"5" = 5', '"5" = 6'),
        ("[fields]", "[fields"),
        ('pad = "onsite_active"', 'pad = "active"'),
        ("ignored = [", 'ignored = ["mobile",'),
    ],
)
def test_a_source_file_that_says_more_or_else_is_refused(
    tmp_path: Path, old: str, new: str
) -> None:
    text = SHANDONG.read_text(encoding="utf-8")
    assert old in text
    broken = tmp_path / "broken.toml"
    broken.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(InvalidInput, match=r"broken\.toml"):
        load_source(broken)


def test_a_new_source_is_one_file(tmp_path: Path) -> None:
    other = tmp_path / "other.toml"
    text = SHANDONG.read_text(encoding="utf-8").replace('name = "shandong"', 'name = "other"')
    other.write_text(text, encoding="utf-8")
    assert load_source(other).name == "other"
    assert len(sources()) == 5
