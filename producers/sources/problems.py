"""归集: what is wrong with one row; all of it, so that it need be corrected only once."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from pydantic import ValidationError

from producers.sources.words import field_words
from schemas.rating import Refusal
from schemas.text import masked
from workflow import said

OUT_OF_RANGE = "时间不在 2000 年至 2099 年之间"
_WHY = {
    "missing": "缺少",
    "string_too_long": "太长，最多 {max_length} 字",
    "greater_than_equal": OUT_OF_RANGE,
    "less_than": OUT_OF_RANGE,
}


class Problem(NamedTuple):
    """A field of ours, what was sent in it (not masked yet), and why it cannot be taken."""

    field: str
    value: str
    reason: str


def refused(number: int, wrong: Sequence[Problem]) -> Refusal:
    """The row's refusal: field and value of the first problem, the others within its reason and
    one by one.
    """
    first, *others = found = list(dict.fromkeys(wrong))
    reasons = [first.reason]
    for field, value, reason in others:
        shown, called = masked(field, value), field_words().get(field, field)
        reasons.append(f"{called}（{shown}）{reason}" if shown else f"{called}：{reason}")
    value, reason = masked(first.field, first.value), "；".join(reasons)
    each = tuple((p.field, masked(p.field, p.value), p.reason) for p in found) if others else ()
    return Refusal(number, first.field, value, reason, each)


def problems_of(error: ValidationError) -> Iterator[Problem]:
    """What a model found wrong, in the order of its fields."""
    for found in error.errors(include_url=False):
        field = str(found["loc"][0]) if found["loc"] else "record"
        value = "" if isinstance(found["input"], dict) else str(found["input"])
        why = _WHY.get(found["type"])
        reason = why.format(**found.get("ctx", {})) if why else said.of_model(found)
        yield Problem(field, value, reason)
