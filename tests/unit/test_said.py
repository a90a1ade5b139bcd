"""Whatever a model finds wrong is said in Chinese, never in pydantic's own words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Any, get_args

import pytest
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError, field_validator
from pydantic_core.core_schema import ErrorType

from workflow.said import UNFIT, of_model

CONTEXT: dict[str, Any] = {
    "max_length": 9,
    "min_length": 1,
    "gt": 0,
    "ge": 1,
    "lt": 8,
    "le": 7,
    "pattern": "x",
    "expected": "'a', 'b' or 'c'",
}


@pytest.mark.parametrize("kind", get_args(ErrorType))
def test_every_error_that_a_model_can_raise_has_chinese_words(kind: str) -> None:
    told = of_model({"type": kind, "loc": (), "msg": "Input is bad", "input": 1, "ctx": CONTEXT})
    assert re.search("[一-龥]", told), told
    assert "Input" not in told


class Model(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")
    text: Annotated[str, Field(max_length=3)]
    several: Annotated[list[int], Field(max_length=1)] = []
    at: AwareDatetime | None = None
    level: Annotated[int, Field(gt=0, lt=6)] = 1
    ours: str = ""

    @field_validator("ours")
    @classmethod
    def _ours(cls, said: str) -> str:
        if said:
            raise ValueError("要空着" if said == "x" else "leave it")
        return said


def reasons(**given: Any) -> Iterator[str]:
    with pytest.raises(ValidationError) as found:
        Model.model_validate(given)
    return (of_model(one) for one in found.value.errors())


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({}, "必填"),
        ({"text": "\ud800"}, "须是文字，不能有半个字符"),
        ({"text": "四个字了"}, "太长，最多3字"),
        ({"text": "", "several": [1, 2]}, "太多，最多1个"),
        ({"text": "", "at": datetime(2021, 1, 1)}, "时间须带时区，如 2021-10-21T15:00:00+08:00"),  # noqa: DTZ001
        ({"text": "", "level": 0}, "须大于0"),
        ({"text": "", "level": 6}, "须小于6"),
        ({"text": "", "ours": "x"}, "要空着"),
        ({"text": "", "ours": "y"}, UNFIT),
        ({"text": "", "more": 1}, "没有这一项"),
    ],
)
def test_what_is_wrong_is_said_so_that_it_can_be_mended(given: dict[str, Any], told: str) -> None:
    assert list(reasons(**given)) == [told]
