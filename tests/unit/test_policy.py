"""The profiles: their numbers, what they inherit, what falls due by them, and broken files."""

import contextlib
import tomllib
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from workflow.calendar import Limit, instant
from workflow.errors import InvalidInput
from workflow.policy import LIMITS, WINDOWS, Policies, Policy, Stamp, extended, stamp
from workflow.policy_files import load_profile, profile_of, shipped_paths
from workflow.policy_lint import lint

AUTUMN = date(2021, 9, 1)
THURSDAY = datetime.fromisoformat("2021-09-16T16:00:00+08:00")
POLICIES = Policies.load()


def profile(name: str) -> Policy:
    return POLICIES.at(name, AUTUMN)


def stamped(policy: Policy, name: str, start: str, complex_case: bool = False) -> Stamp:
    found = stamp(
        policy,
        policy.calendar,
        name,
        datetime.fromisoformat(f"{start}:00+08:00"),
        complex_case=complex_case,
    )
    assert found is not None
    return found


def local(policy: Policy, at: int | None) -> str:
    assert at is not None
    return instant(at).astimezone(policy.zone).strftime("%Y-%m-%d %H:%M")


def due_of(name: str, limit: str, start: str, complex_case: bool = False) -> str:
    policy = profile(name)
    return local(policy, stamped(policy, limit, start, complex_case).due_at)


def test_zibo_is_the_circulars_own_profile() -> None:
    zibo = profile("zibo")
    limits = {name: str(zibo.limits[name].limit) for name in (*LIMITS, *WINDOWS)}
    assert limits == {
        "verify": "1 working day",
        "malice_review": "1 working day",
        "assign": "1 working day",
        "acknowledge": "1 working day",
        "rectify": "5 working days",
        "return_ruling": "1 working day",
        "extension_ruling": "1 working day",
        "appeal_ruling": "1 working day",
        "review": "2 working days",
        "reevaluate": "5 working days",
        "final_ruling": "3 working days",
        "total": "30 working days",
        "return_window": "2 working days",
        "appeal_window": "2 working days",
        "objection_window": "15 natural days",
        "rating_window": "5 working days",
    }
    assert (zibo.verify_first, zibo.review, zibo.returns_allowed) == (True, True, True)
    assert (zibo.max_returns, zibo.max_rounds, zibo.min_calls) == (2, 2, 3)
    assert zibo.call_spacing == timedelta(hours=1)
    assert (zibo.appeal_pauses, zibo.contact_pauses) == (False, True)
    assert zibo.extension_max == Limit(10, "working days")
    assert zibo.effective_from == date(2021, 1, 1)


def test_what_is_shandongs_is_cited_and_the_rest_is_marked_ours() -> None:
    zibo = profile("zibo")
    cited = {name for name in LIMITS if not zibo.limits[name].source.startswith("ours")}
    assert cited == {"rectify"}
    assert "山东" in zibo.limits["return_window"].source
    assert "10个工作日" in zibo.sources["rules.extension_max"]
    assert zibo.sources["rules.min_calls"] == "ours"


def test_zibo_dispatched_on_a_thursday_before_mid_autumn() -> None:
    zibo = profile("zibo")
    rectify = stamped(zibo, "rectify", "2021-09-16T16:00")
    assert local(zibo, rectify.due_at) == "2021-09-24 17:30"
    assert local(zibo, rectify.warn_at) == "2021-09-23 08:30"
    assert local(zibo, rectify.red_at) == "2021-09-26 08:30"
    assert not rectify.provisional


def test_extensions_are_added_to_the_original_due_time() -> None:
    zibo = profile("zibo")
    original = stamped(zibo, "rectify", "2021-09-16T16:00").due_at
    longer = extended(zibo, zibo.calendar, original, 3)
    assert local(zibo, longer.due_at) == "2021-09-28 17:30"
    assert longer == extended(zibo, zibo.calendar, instant(original), 3)
    for days in (0, 11, -1):
        with pytest.raises(InvalidInput, match="days"):
            extended(zibo, zibo.calendar, original, days)


def test_windows_show_no_cards_and_one_day_limits_no_yellow_one() -> None:
    zibo = profile("zibo")
    window = stamped(zibo, "objection_window", "2021-09-03T10:00")
    assert (window.warn_at, window.red_at) == (None, None)
    assert local(zibo, window.due_at) == "2021-09-18 17:30"
    verify = stamped(zibo, "verify", "2021-09-17T16:00")
    assert verify.warn_at is None
    assert local(zibo, verify.red_at) == "2021-09-22 08:30"


def test_the_rating_window_counts_the_day_of_the_service() -> None:
    assert due_of("zibo", "rating_window", "2021-09-16T16:00") == "2021-09-24 00:00"


def test_a_pause_moves_verification() -> None:
    zibo = profile("zibo")
    pause = (THURSDAY, datetime.fromisoformat("2021-09-18T08:30:00+08:00"))
    moved = stamp(zibo, zibo.calendar, "verify", THURSDAY, pauses=[pause])
    assert moved is not None
    assert local(zibo, moved.due_at) == "2021-09-18 17:30"


def test_the_top_of_the_ladder_is_a_ruling() -> None:
    zibo = profile("zibo")
    acts = {name: [step.act for step in zibo.limits[name].escalates_to] for name in LIMITS}
    assert acts["rectify"] == ["remind", "supervise"]
    assert acts["total"] == ["remind", "supervise", "rule"]
    assert not any(zibo.limits[name].escalates_to for name in WINDOWS)


def test_jiangsu_dispatches_first() -> None:
    jiangsu = profile("jiangsu")
    assert not jiangsu.verify_first
    assert jiangsu.limits["rectify"].source.startswith("ours")
    assert due_of("jiangsu", "rectify", "2021-09-16T16:00") == "2021-09-24 17:30"


def test_linwu_gives_7_natural_days_and_15_for_complex_cases() -> None:
    assert due_of("linwu", "rectify", "2021-09-10T10:00") == "2021-09-17 17:30"
    assert due_of("linwu", "rectify", "2021-09-08T10:00", complex_case=True) == "2021-09-23 17:30"
    # 9-20 is a holiday: the last day moves to the next working day.
    assert due_of("linwu", "rectify", "2021-09-13T10:00") == "2021-09-22 17:30"
    assert due_of("linwu", "acknowledge", "2021-09-13T10:00") == "2021-09-14 17:30"


def test_shanghai_1_5_15_without_return() -> None:
    shanghai = profile("shanghai")
    assert shanghai.label.endswith("（示例）")
    assert not shanghai.returns_allowed
    assert due_of("shanghai", "verify", "2021-09-16T16:00") == "2021-09-17 17:30"
    assert due_of("shanghai", "rectify", "2021-09-16T16:00") == "2021-09-24 17:30"
    assert (
        due_of("shanghai", "rectify", "2021-09-16T16:00", complex_case=True) == "2021-10-13 17:30"
    )
    assert shanghai.limits["return_window"].source.startswith("ours")


def test_zhejiang_1_and_15_natural_days_and_one_rerating() -> None:
    zhejiang = profile("zhejiang")
    assert zhejiang.label.endswith("（示例）")
    assert zhejiang.max_rounds == 1
    assert due_of("zhejiang", "verify", "2021-09-16T16:00") == "2021-09-17 17:30"
    assert due_of("zhejiang", "rectify", "2021-09-08T16:00") == "2021-09-23 17:30"


def test_beijing_7_days_and_three_levels() -> None:
    beijing = profile("beijing")
    assert beijing.label.endswith("（示例）")
    assert (beijing.scale, profile("zibo").scale) == ("three", "five")
    assert due_of("beijing", "rectify", "2021-09-10T16:00") == "2021-09-17 17:30"


def test_versions_are_found_by_date_and_pinned_by_name() -> None:
    assert POLICIES.names() == ("beijing", "jiangsu", "linwu", "shanghai", "zhejiang", "zibo")
    assert POLICIES.get("zibo", "2021.1") is profile("zibo")
    for wrong in (
        lambda: POLICIES.at("zibo", date(2020, 12, 31)),
        lambda: POLICIES.at("atlantis", AUTUMN),
        lambda: POLICIES.get("zibo", "1999"),
    ):
        with pytest.raises(InvalidInput, match="profile"):
            wrong()


def test_a_later_version_takes_over_on_its_day(tmp_path: Path) -> None:
    later = written(
        tmp_path, 'version = "2021.1"', 'version = "2022.1"', "2021-01-01", "2022-03-01"
    )
    both = Policies([load_profile(later), profile("zibo")])
    assert both.at("zibo", date(2022, 2, 28)).version == "2021.1"
    assert both.at("zibo", date(2022, 3, 1)).version == "2022.1"


def test_a_what_if_changes_one_limit_only() -> None:
    zibo = profile("zibo")
    shorter = zibo.with_limit("rectify", Limit(3, "working days"))
    assert (
        local(shorter, stamped(shorter, "rectify", "2021-09-16T16:00").due_at) == "2021-09-22 17:30"
    )
    assert due_of("zibo", "rectify", "2021-09-16T16:00") == "2021-09-24 17:30"
    with pytest.raises(InvalidInput, match="limit"):
        zibo.with_limit("sleep", Limit(3, "working days"))


def test_an_unknown_limit_has_no_stamp_and_a_time_without_zone_none_either() -> None:
    zibo = profile("zibo")
    assert stamp(zibo, zibo.calendar, "sleep", THURSDAY) is None
    with pytest.raises(InvalidInput, match="start"):
        stamp(zibo, zibo.calendar, "rectify", datetime(2021, 9, 1))  # noqa: DTZ001
    utc = stamp(zibo, zibo.calendar, "rectify", THURSDAY.astimezone(UTC))
    assert utc == stamp(zibo, zibo.calendar, "rectify", THURSDAY)


def written(folder: Path, *swaps: str) -> Path:
    """Zibo's own file with some texts replaced."""
    (zibo,) = (path for path in shipped_paths() if path.stem == "zibo")
    text = zibo.read_text(encoding="utf-8")
    for old, new in zip(swaps[::2], swaps[1::2], strict=True):
        assert old in text
        text = text.replace(old, new)
    path = folder / "changed.toml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ("[rules]", "[rulez]", "rulez"),
        ("max_rounds = { value = 2", "max_rounds = { value = 0", "rules.max_rounds.value"),
        ("max_rounds = { value = 2", "max_rounds = { value = true", "rules.max_rounds.value"),
        ("max_rounds = { value = 2", "max_rounds = { worth = 2", "rules.max_rounds.worth"),
        ("max_rounds", "most_rounds", "rules.most_rounds"),
        ('"10 working days"', '"10 minutes"', "rules.extension_max.value"),
        ('value = "five"', 'value = "seven"', "rules.scale.value"),
        ('["call", "message", "link"]', '["call", "pigeon"]', "rules.reevaluation_channels.value"),
        ('limit = "30 working days"', 'limit = "30 days"', "limits.total.limit"),
        ('total = { limit = "30 working days", source = "ours" }', "total = 3", "limits.total"),
        ("total = {", "lunch = {", "limits.lunch"),
        (', source = "ours" }\n\n[windows]', " }\n\n[windows]", "limits.total.source"),
        ("[windows]", "[windows]\nnap = {}", "windows.nap"),
        ('stage = "yellow"', 'stage = "green"', "escalation.0.stage"),
        ('limits = ["total"]', 'limits = ["lunch"]', "escalation.2.limits"),
        ("effective_from = 2021-01-01", 'effective_from = "soon"', "effective_from"),
        ('name = "zibo"', "name = 3", "name"),
        ("[rules]", '[rules]\nneeds_reason = { value = true, source = "x" }', "rules.needs_reason"),
        ('zone = "Asia/Shanghai"', 'zone = "Asia/Zibo"', "calendar.zone"),
        ('"08:30-12:00"', '"08:30-12:99"', "calendar.hours.workday[0]"),
        ('name = "zibo"', 'name = "zibo"\ninherits = "atlantis"', "inherits"),
    ],
)
def test_a_broken_profile_names_the_field(tmp_path: Path, old: str, new: str, field: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        load_profile(written(tmp_path, old, new))
    assert refused.value.field == field


ODD: tuple[Any, ...] = (3, -1, True, "", "x", [], [3], {}, {"x": 1}, date(2021, 1, 1), None, 1e300)


def test_whatever_stands_anywhere_in_a_profile_it_loads_or_is_refused() -> None:
    tried, loaded = 0, 0
    for name in ("zibo", "linwu"):
        (path,) = (path for path in shipped_paths() if path.stem == name)
        text = path.read_text(encoding="utf-8")
        for n, odd in product(range(sum(1 for _ in places(tomllib.loads(text)))), ODD):
            table = tomllib.loads(text)
            place, key = list(places(table))[n]
            place[key] = odd
            tried += 1
            with contextlib.suppress(InvalidInput):
                profile_of(table)
                loaded += 1
    assert 0 < loaded < tried / 10, "most of it is nonsense"


def places(table: Any) -> Iterator[tuple[Any, Any]]:
    """Every place of a value in nested tables and lists."""
    if isinstance(table, dict | list):
        for key, value in table.items() if isinstance(table, dict) else enumerate(table):
            yield table, key
            yield from places(value)


def test_lint_finds_nothing_in_what_is_shipped_and_every_gap_elsewhere(tmp_path: Path) -> None:
    policies, none = lint(shipped_paths())
    assert (len(policies), none) == (6, [])
    gap = written(tmp_path, 'final_ruling = { limit = "3 working days", source = "ours" }\n', "")
    _, findings = lint([gap, tmp_path / "none.toml", *shipped_paths()])
    assert any("缺少时限 final_ruling" in text for text in findings)
    assert any("none.toml" in text for text in findings)
    assert any("重复" in text for text in findings)
    assert any("同在 2021-01-01 生效" in text for text in findings)
