"""电话: what counts as a number, however it is written, and what does not."""

import pytest

from workflow.phones import number_in, number_of


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("13900005678", "13900005678"),
        ("139 0000 5678", "13900005678"),
        ("139-0000-5678", "13900005678"),
        ("+8613900005678", "13900005678"),
        ("+86 139 0000 5678", "13900005678"),
        ("8613900005678", "13900005678"),
        ("008613900005678", "13900005678"),
        ("１３９００００５６７８", "13900005678"),
        ("＋８６ １３９－００００－５６７８", "13900005678"),
        ("0533-2280000", "05332280000"),
        ("（0533）2280000", "05332280000"),
        ("010-62200000", "01062200000"),
        ("+86 533 2280000", "05332280000"),
        ("+86 10 62200000", "01062200000"),
    ],
)
def test_a_number_is_one_however_it_is_written(written, number):
    assert number_of(written) == number_in(written) == number


@pytest.mark.parametrize(
    "written",
    [
        "",
        "无",
        "不愿透露",
        "12345",
        "2280000",
        "1390000567",
        "00000000000",
        "11111111111",
        "370303198001011234",
        "wx_139",
    ],
)
def test_what_is_no_number_gives_none(written):
    assert number_of(written) == number_in(written) == ""


@pytest.mark.parametrize(
    ("written", "first"),
    [
        ("13900005678/13900001234", "13900005678"),
        ("0533-2280000转801", "05332280000"),
        ("晚上6点后，13900005678", "13900005678"),
    ],
)
def test_of_what_a_citizen_wrote_the_first_number_counts(written, first):
    assert number_in(written) == first
    assert number_of(written) == ""
