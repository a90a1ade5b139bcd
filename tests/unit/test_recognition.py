"""What a unit is shown of time and window is matched by at least k services, or is not shown."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from workflow.recognition import bounds, shown

DAYS = st.dates(date(2021, 1, 1), date(2021, 12, 31))
WINDOWS = st.sampled_from(("1号", "2号", "3号"))


@given(
    DAYS, WINDOWS | st.none(), st.lists(st.tuples(DAYS, WINDOWS), max_size=60), st.integers(1, 9)
)
def test_at_least_k_match_whatever_is_shown(day, window, services, k):
    def count(first, last, at):
        return sum(first <= when <= last and at in (None, where) for when, where in services)

    found = shown(day, window, count, k)
    if found.span is None:
        assert count(*bounds("quarter", day), None) == found.matches < k
        assert found.window is None
    else:
        assert found.matches == count(*bounds(found.span, day), found.window) >= k
        finer = [("week", window)] if window else []
        finer += [("week", None), ("month", None), ("quarter", None)]
        for span, at in finer[: finer.index((found.span, found.window))]:
            assert count(*bounds(span, day), at) < k


@given(DAYS)
def test_a_day_lies_in_its_week_that_in_its_month_and_that_in_its_quarter(day):
    week, month, quarter = (bounds(span, day) for span in ("week", "month", "quarter"))
    assert quarter[0] <= month[0] <= week[0] <= day <= week[1] <= month[1] <= quarter[1]
    assert week[1] - week[0] <= timedelta(days=6)
    assert (quarter[1] + timedelta(days=1)).month in (1, 4, 7, 10)
