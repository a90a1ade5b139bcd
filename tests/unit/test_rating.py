"""The inbound records: closed, strict, and unable to hold what cannot be."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from schemas.codes import REASONS, Channel, Origin
from schemas.rating import Rating, ServiceRecord
from schemas.text import clean, guarded, is_clean, masked, unguarded

GOOD: dict[str, Any] = {
    "source": "bihuan",
    "projectNo": "JS1",
    "serviceNumber": "1",
    "assessNumber": "1",
    "pf": Channel.PAD,
    "origin": Origin.ONSITE_ACTIVE,
    "satisfaction": 5,
    "assessTime": datetime(2021, 7, 1, tzinfo=UTC),
}


def test_a_rating_cannot_be_altered() -> None:
    rating = Rating(**GOOD)
    with pytest.raises(ValidationError):
        rating.satisfaction = 1


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("satisfaction", 0),
        ("satisfaction", 6),
        ("satisfaction", "5"),
        ("satisfaction", 5.0),
        ("projectNo", ""),
        ("projectNo", "x" * 65),
        ("writingEvaluation", "字" * 4001),
        ("assessTime", datetime(2021, 7, 1)),  # noqa: DTZ001
        ("assessTime", datetime(1970, 1, 1, tzinfo=UTC)),
        ("assessTime", datetime(9999, 1, 1, tzinfo=UTC)),
        ("evalDetail", ("999",)),
        ("evalDetail", ("213",)),
        ("pf", "pad"),
        ("nosuchfield", ""),
    ],
)
def test_what_cannot_be_is_refused(field: str, value: object) -> None:
    with pytest.raises(ValidationError):
        Rating(**{**GOOD, field: value})


@given(st.sampled_from(sorted(REASONS)), st.integers(1, 5))
def test_a_reason_belongs_to_its_level_alone(code: str, level: int) -> None:
    def rated() -> Rating:
        return Rating(**{**GOOD, "satisfaction": level, "evalDetail": (code,)})

    if code.startswith(str(level)):
        assert rated().evalDetail == (code,)
    else:
        with pytest.raises(ValidationError):
            rated()


@pytest.mark.parametrize("field", ["projectNo", "serviceNumber", "assessNumber"])
def test_a_number_of_which_nothing_is_seen_is_none(field: str) -> None:
    with pytest.raises(ValidationError, match="不能为空"):
        Rating(**{**GOOD, field: "\u200b\u2800"})


def test_a_service_record_has_no_place_for_the_citizen() -> None:
    assert not {"userName", "mobile", "certKey"} & set(ServiceRecord.model_fields)


@given(st.text(st.characters(exclude_categories=())))
def test_cleaning_leaves_nothing_a_database_or_spreadsheet_chokes_on(text: str) -> None:
    cleaned = clean(text)
    assert is_clean(cleaned)
    assert clean(cleaned) == cleaned
    cleaned.encode("utf-8")
    assert not any(ord(c) < 32 and c not in "\t\n" for c in cleaned)


@given(st.text())
def test_a_clean_text_is_left_alone(text: str) -> None:
    if is_clean(text):
        assert clean(text) == text


@given(st.text("'=+-@＝a\t", max_size=6))
def test_what_guards_a_cell_comes_off_again(cell: str) -> None:
    assert unguarded(guarded(cell)) == cell
    assert guarded(cell)[:1] not in ("=", "+", "-", "@", "＝", "\t")


def test_errors_show_no_phone_no_id_and_no_name() -> None:
    assert masked("mobile", "13812345678") == "138****5678"
    assert masked("certKey", "37030319900101123X") == "3703****123X"
    assert masked("mobile", "1381234567") == "138****"
    assert masked("projectNo", "拨13812345678找他") == "拨138****5678找他"
    assert "张" not in masked("userName", "张某某")
    assert len(masked("taskName", "很长" * 500)) < 70
