"""The code lists: complete, consistent, and old codes stay readable."""

import pickle

from schemas.codes import (
    BAD_LEVELS,
    LEVELS,
    REASONS,
    Channel,
    Origin,
    Verdict,
)


def test_the_first_digit_of_every_reason_is_its_level() -> None:
    assert all(int(code[0]) == known.level for code, known in REASONS.items())


def test_forty_reasons_are_in_force_eight_a_level() -> None:
    in_force = [known.level for known in REASONS.values() if not known.retired]
    assert {level: in_force.count(level) for level in LEVELS} == dict.fromkeys(LEVELS, 8)


def test_the_retired_list_is_still_known() -> None:
    retired = {code for code, known in REASONS.items() if known.retired}
    spans = {1: range(101, 108), 2: range(201, 207), 3: range(301, 307), 5: range(501, 510)}
    expected = {str(code) for span in spans.values() for code in span} | {
        "401",
        "402",
        "404",
        "405",
    }
    assert retired == expected
    assert REASONS["101"].text == "被要求提交办事指南未列明的申报材料"


def test_a_code_no_version_ever_had_is_not_known() -> None:
    assert "403" not in REASONS


def test_bad_is_the_two_lowest_levels() -> None:
    assert {LEVELS[level] for level in BAD_LEVELS} == {"不满意", "非常不满意"}


def test_a_code_is_its_text_and_knows_its_chinese_name() -> None:
    assert str(Verdict.UNVERIFIABLE) == "unverifiable"
    assert Verdict("unverifiable").label == "无法核实"
    assert all(code.label for code in (*Origin, *Channel, *Verdict))
    assert pickle.loads(pickle.dumps(Origin.DEFAULT)) is Origin.DEFAULT
