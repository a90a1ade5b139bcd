"""Every published rate, against the circular's own numbers and against small stories."""

import csv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflow.formulas import FORMULAS, Cohort, ComplaintFact, Counts, OrderFact, Rate

ANNEX3 = Path(__file__).parents[1] / "data" / "annex3_township_2021.csv"
CELLS = list(csv.DictReader(ANNEX3.read_text(encoding="utf-8").splitlines()))
DUE, NOW = 1_000, 2_000


def complaint(subject="CP21-0001", **changed):
    row = {
        "unit": "ZD-RSJ",
        "day": "2021-09-16",
        "real_name": True,
        "state": "CLOSED",
        "verdict": "valid",
        "ground": None,
        "verify_due_at": DUE,
        "verified_at": DUE - 1,
        "outcome": "satisfied",
        "first_level": 5,
        "final_level": 5,
    }
    return ComplaintFact(subject=subject, **row | changed)


def order(subject="CP21-0001", number=1, **changed):
    row = {
        "round": 1,
        "unit": "ZD-RSJ",
        "real_name": True,
        "assigned_at": 0,
        "acknowledge_due_at": DUE,
        "acknowledged_at": 10,
        "rectify_due_at": DUE,
        "original_due_at": DUE,
        "submitted_at": 20,
        "accepted_at": 30,
        "callback_due_at": DUE,
        "called_back_at": 40,
        "withdrawn_at": None,
        "level": None,
    }
    return OrderFact(subject=subject, number=number, **row | changed)


def rate(formula, *, complaints=(), orders=(), counts=Counts(), as_of=NOW):  # noqa: B008
    return FORMULAS[formula].measure(Cohort(counts, tuple(complaints), tuple(orders), as_of))


@pytest.mark.parametrize("cell", CELLS, ids=lambda c: f"{c['district']}{c['month']}")
def test_each_of_the_circulars_55_percentages_is_p_over_m(cell):
    p_over_m = Rate(int(cell["onsite_active_P"]), int(cell["ratings_M"]))
    assert p_over_m.whole() == cell["printed_P_over_M_percent"]


def test_there_are_55_cells_and_three_have_no_ratings():
    assert len(CELLS) == 55
    empty = [(c["district"], c["month"]) for c in CELLS if c["ratings_M"] == "0"]
    assert empty == [("周村区", "2021-05"), ("高青县", "2021-05"), ("高新区", "2021-05")]


def test_a_quarter_is_pooled_never_averaged():
    quarter = [c for c in CELLS if c["district"] == "张店区" and c["month"] >= "2021-07"]
    pooled = Rate(
        sum(int(c["onsite_active_P"]) for c in quarter), sum(int(c["ratings_M"]) for c in quarter)
    )
    assert str(pooled) == "8906/13117"
    assert pooled.percent(1) == "67.9%"


def test_57_of_67_is_85_percent():
    complaints = [complaint(f"CP21-{n:04}", verdict="invalid") for n in range(57)]
    complaints += [complaint(f"CP21-{n:04}") for n in range(57, 67)]
    share = rate("invalid_share", complaints=complaints, counts=Counts(bad=67))
    assert (str(share), share.percent()) == ("57/67", "85%")


def test_malicious_and_unverifiable_are_not_invalid():
    complaints = [complaint(verdict=v) for v in ("invalid", "malicious", "unverifiable")]
    assert str(rate("invalid_share", complaints=complaints, counts=Counts(bad=3))) == "1/3"


def test_good_rate_shows_the_counter_example_on_both_bases():
    counts = Counts(services=510_000, ratings=510_000, bad=67)
    complaints = [complaint(f"CP21-{n:04}") for n in range(10)]
    assert rate("good_all", complaints=complaints, counts=counts).percent() == "99.99%"
    assert rate("good_valid", complaints=complaints, counts=counts).percent() == "99.998%"


@pytest.mark.parametrize(
    ("n", "d", "printed"),
    [
        (0, 0, "–"),
        (0, 5, "0%"),
        (5, 5, "100%"),
        (1, 8, "13%"),
        (1, 200, "1%"),
        (1, 1_000, "0.1%"),
        (999, 1_000, "99.9%"),
        (9_999_999, 10_000_000, "99.99999%"),
        (1_001, 1_000, "100.1%"),
    ],
)
def test_percent_rounds_half_up_and_never_hides_an_exception(n, d, printed):
    assert Rate(n, d).percent() == printed


def test_the_annex_prints_zero_where_nobody_rated_and_never_a_false_hundred():
    assert Rate(0, 0).whole() == "0"
    assert Rate(1, 300).whole() == "0"
    assert Rate(1_999, 2_000).whole() == "99.95"


@given(st.integers(0, 10**7), st.integers(1, 10**7))
def test_a_hundred_percent_is_printed_exactly_when_it_is_one(n, d):
    assert (Rate(n, d).percent() == "100%") == (n == d)
    assert (Rate(n, d).percent() == "0%") == (n == 0)


def test_orders_due_six_in_time_one_late_two_open_overdue_one_not_due():
    late = order(number=7, submitted_at=DUE + 1)
    overdue = [order(number=n, submitted_at=None, accepted_at=None) for n in (8, 9)]
    not_due = order(number=10, rectify_due_at=NOW + 1, submitted_at=None, accepted_at=None)
    orders = [*(order(number=n) for n in range(1, 7)), late, *overdue, not_due]
    assert str(rate("rectify", orders=orders)) == "6/9"


def test_submitted_in_time_but_not_accepted_is_no_rectification():
    assert str(rate("rectify", orders=[order(accepted_at=None)])) == "0/1"


def test_the_due_time_itself_is_in_time():
    assert str(rate("rectify", orders=[order(submitted_at=DUE)], as_of=DUE)) == "1/1"
    assert str(rate("rectify", orders=[order()], as_of=DUE - 1)) == "0/0"


def test_an_order_withdrawn_before_it_was_due_leaves_and_one_overdue_by_then_stays():
    gone = order(submitted_at=None, accepted_at=None, withdrawn_at=DUE - 1)
    too_late = order(submitted_at=None, accepted_at=None, withdrawn_at=DUE + 1)
    assert str(rate("rectify", orders=[gone, too_late])) == "0/1"


def test_an_extended_order_is_measured_by_its_effective_due_time():
    extended = order(original_due_at=DUE, rectify_due_at=DUE + 500, submitted_at=DUE + 400)
    assert str(rate("rectify", orders=[extended])) == "1/1"


def test_verification_counts_what_is_due_and_a_paused_one_is_not():
    complaints = [
        complaint(),
        complaint(verified_at=DUE + 1),
        complaint(verified_at=None),
        complaint(verify_due_at=None, verified_at=None),
        complaint(verify_due_at=NOW + 1, verified_at=5),
    ]
    assert str(rate("verify", complaints=complaints)) == "1/3"


def test_each_verification_of_a_complaint_counts_once_it_is_due():
    again = complaint(
        verified_before=((DUE - 500, DUE - 100), (DUE, DUE), (NOW + 5, NOW)),
        verify_due_at=NOW + 9,
        verified_at=None,
    )
    assert str(rate("verify", complaints=[again])) == "1/2"
    assert str(rate("verify", complaints=[again], as_of=DUE - 1)) == "0/1"
    assert str(rate("verify", complaints=[again], as_of=NOW + 9)) == "2/4"


def test_callbacks_are_counted_over_real_names_only():
    orders = [order(), order(called_back_at=None), order(real_name=False, called_back_at=None)]
    assert str(rate("callback", orders=orders)) == "1/2"


def test_a_second_round_still_open_is_not_rectified():
    again = order(number=2, round=2, submitted_at=None, accepted_at=None)
    assert str(rate("rectified", complaints=[complaint()], orders=[order()])) == "1/1"
    assert str(rate("rectified", complaints=[complaint()], orders=[order(), again])) == "0/1"


def test_rectified_is_of_valid_complaints_only():
    dismissed = complaint("CP21-0002", verdict="invalid")
    orders = [order(), order("CP21-0002")]
    assert str(rate("rectified", complaints=[complaint(), dismissed], orders=orders)) == "1/1"


def test_satisfaction_counts_answers_and_leaves_the_unanswered_out():
    complaints = [
        complaint(),
        complaint(first_level=2, final_level=3),
        complaint(first_level=None, final_level=None, outcome="unanswered"),
    ]
    assert str(rate("satisfied_first", complaints=complaints)) == "1/2"
    assert str(rate("satisfied_final", complaints=complaints)) == "2/2"


def test_every_formula_declares_itself_and_survives_an_empty_period():
    for key, formula in FORMULAS.items():
        assert formula.id == key
        assert all((formula.name, formula.numerator, formula.denominator, formula.cohort))
        assert rate(key).percent() == "–"
