"""What the rules of analysis say of a rating, told rating by rating."""

import tomllib
from types import SimpleNamespace

import pytest

import schemas as s
from consumers.analysis import Analysis
from consumers.analysis_rules import CATEGORIES, SHIPPED, rules_of, shipped
from schemas.codes import REASONS, Origin
from workflow.errors import InvalidInput

NOTHING_KNOWN = SimpleNamespace(
    sealed=None,
    ratings=None,
    of_staff=False,
    of_own_unit=False,
    other=None,
    collected_at=None,
    assessed_at=None,
    served_at=None,
)
HOUR = 3_600_000_000
NOON = 1_631_764_800_000_000


def looked_at(text="", *, rows=(NOTHING_KNOWN,), rules=None, **values):
    given = {"level": 1, "reasons": ("115",), "unit": "ZD-RSJ", "assessed_at": NOON}
    fact = s.ReviewCollected(
        source="bihuan",
        project_no="P1",
        service_number="1",
        assess_number="1",
        profile="zibo",
        profile_version="2021.1",
        origin=Origin.ONSITE_ACTIVE,
        received_at=NOON,
        real_name=True,
        has_phone=True,
        **given | values,
    )
    record = SimpleNamespace(fact=fact, subject="CP21-0002", id="CP21-0002-1", occurred_at=NOON)
    return Analysis(None, rules=rules or shipped()).analysed(record, text, rows)


def findings(analysed, kind):
    return [finding for finding in analysed.findings if finding.kind == kind]


@pytest.mark.parametrize(
    ("text", "reasons", "category"),
    [
        ("", ("209",), "时限"),
        ("", ("214",), "态度"),
        ("", ("211",), "系统"),
        ("说好五个工作日出证，到第八天还没有消息", (), "时限"),
        ("网上写着可以全程网办，提交时一直报错", (), "系统"),
        ("窗口态度生硬，问一句顶一句", (), "态度"),
        ("让我多交一份复印件", (), "材料"),
        ("窗口索要加急费", (), "收费"),
        ("停车要走两公里", (), "环境"),
        ("为盖一个章跑了三个窗口", (), "流程"),
        ("就是不好", (), "其他"),
        ("", (), "其他"),
    ],
)
def test_the_category_comes_from_what_was_ticked_or_written(text, reasons, category):
    assert looked_at(text, reasons=reasons).category == category


def test_the_written_word_goes_before_the_tick():
    analysed = looked_at("窗口态度生硬", reasons=("209",))
    assert analysed.category == "态度"
    assert {finding.rule for finding in findings(analysed, "category")} == {"C-ATTITUDE", "C-TIME"}


def test_where_the_text_speaks_of_several_matters_the_ticked_one_wins():
    text = "系统报错，材料交了两次，态度也不好"
    assert looked_at(text, reasons=("210",)).category == "材料"
    assert looked_at(text, reasons=()).category == "系统"


@pytest.mark.parametrize(
    ("level", "reasons", "text", "severity"),
    [
        (2, ("214",), "", 1),
        (1, ("115",), "", 2),
        (2, (), "工作人员辱骂群众", 2),
        (1, ("108",), "", 3),
        (1, ("108",), "索要红包", 3),
    ],
)
def test_severity_is_one_to_three(level, reasons, text, severity):
    analysed = looked_at(text, level=level, reasons=reasons)
    assert analysed.severity == severity
    assert bool(findings(analysed, "severity")) == (severity > 3 - level)


@pytest.mark.parametrize(
    ("text", "reasons", "suspicion"),
    [
        ("点错了", (), "high"),
        ("按错了，不小心碰到的", ("214",), "high"),
        ("以为一是最好", (), "high"),
        ("服务很好，谢谢", (), "high"),
        ("不满意", (), "low"),
        ("谢谢你们，办得太慢了", (), "low"),
        ("", ("108",), "medium"),
        ("", ("108", "109"), "low"),
        ("", ("115",), "low"),
        ("又让我开证明", ("108",), "low"),
    ],
)
def test_a_slip_of_the_finger_is_suspected_never_decided(text, reasons, suspicion):
    analysed = looked_at(text, reasons=reasons)
    assert analysed.misoperation == suspicion
    assert bool(findings(analysed, "misoperation")) == (suspicion != "low")


def known(**values):
    return SimpleNamespace(**vars(NOTHING_KNOWN) | values)


def test_many_ratings_from_one_number_in_a_day_are_shown():
    assert not findings(looked_at(rows=[known(ratings=4)]), "bulk")
    (found,) = findings(looked_at(rows=[known(ratings=5)]), "bulk")
    assert "5 次" in found.evidence


def test_a_number_from_the_staff_list_is_shown_and_whose_it_is_is_not():
    (own,) = findings(looked_at(rows=[known(of_staff=True, of_own_unit=True)]), "self_rating")
    (other,) = findings(looked_at(rows=[known(of_staff=True)]), "self_rating")
    assert (own.weight, other.weight) == ("high", "medium")
    assert "ZD" not in own.evidence + other.evidence


@pytest.mark.parametrize(
    ("collected_at", "assessed_at", "repeats"),
    [
        (NOON - HOUR, NOON - HOUR, True),
        (NOON - HOUR, NOON - 24 * HOUR, True),
        (NOON - HOUR, NOON - 24 * HOUR - 1, False),
        (NOON - HOUR, None, True),
        (NOON + HOUR, NOON - HOUR, False),
        (NOON, NOON, True),
    ],
)
def test_a_repeat_within_a_day_points_back_at_the_first(collected_at, assessed_at, repeats):
    row = known(other="CP21-0001", collected_at=collected_at, assessed_at=assessed_at)
    analysed = looked_at(rows=[row])
    assert analysed.duplicate_of == ("CP21-0001" if repeats else None)
    assert len(findings(analysed, "duplicate")) == repeats


def test_of_several_earlier_ones_the_first_collected_is_named_by_number_not_by_letter():
    rows = [
        known(other=f"CP21-{n}", collected_at=NOON - HOUR, assessed_at=NOON)
        for n in ("10001", "9999")
    ]
    assert looked_at(rows=rows).duplicate_of == "CP21-9999"


def test_no_evidence_quotes_the_citizen():
    text = "我叫张三，电话19900001234，态度太差，身份证370303199001011234，点错了"
    for finding in looked_at(text).findings:
        assert "张三" not in finding.evidence
        assert "199" not in finding.evidence
        assert "3703" not in finding.evidence


def test_every_reason_for_a_bad_rating_has_a_category():
    bad = {code for code, reason in REASONS.items() if reason.level <= 2}
    listed = [code for rule in shipped().categories for code in rule.codes]
    assert set(listed) == bad
    assert len(listed) == len(bad)
    assert {rule.category for rule in shipped().categories} == set(CATEGORIES) - {"其他"}


@pytest.mark.parametrize(
    ("was", "becomes"),
    [
        ('category = "收费"', 'category = "罚款"'),
        ('weight = "high"', 'weight = "certain"'),
        ("bulk_a_day = 5", "bulk_a_day = 'many'"),
        ('id = "C-FEE"', 'name = "C-FEE"'),
        ('version = "2021.1"', ""),
    ],
)
def test_a_broken_rules_file_is_refused(was, becomes):
    text = SHIPPED.read_text(encoding="utf-8")
    assert was in text
    with pytest.raises(InvalidInput):
        rules_of(tomllib.loads(text.replace(was, becomes)))
