"""A citizen's link says which complaint, which round and until when; nobody else can make one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflow import links
from workflow.errors import InvalidInput

KEY = b"k" * 32


@given(st.integers(1, 99), st.integers(0, 32_503_680_000_000_000))
def test_a_link_is_read_as_it_was_made(round_, expires_at):
    token = links.make(KEY, "CP21-0125", round_, expires_at)
    assert links.read(KEY, token) == ("CP21-0125", round_, expires_at)
    assert set(token) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.")


def test_a_link_of_another_office_is_refused():
    with pytest.raises(InvalidInput):
        links.read(b"x" * 32, links.make(KEY, "CP21-0125", 1, 1))


def test_no_character_of_a_link_may_change():
    token = links.make(KEY, "CP21-0125", 1, 1_632_475_800_000_000)
    for place in range(len(token)):
        other = token[:place] + ("A" if token[place] != "A" else "B") + token[place + 1 :]
        with pytest.raises(InvalidInput):
            links.read(KEY, other)


@pytest.mark.parametrize(
    "token", ["", ".", "a.b", "a.b.c", "中文.链接", "\x00", "=.=", "A" * 10_000, "aaaa.aaaa\n"]
)
def test_rubbish_is_refused_without_being_shown(token):
    with pytest.raises(InvalidInput) as refused:
        links.read(KEY, token)
    assert refused.value.value == "（不显示）"
    assert not token or len(token) < 3 or token not in str(refused.value)


@given(st.integers(0, 99), st.integers(1, 10**9))
def test_a_code_is_read_as_it_was_made(year, serial):
    subject = f"CP{year:02d}-{serial:04d}"
    code = links.code_of(KEY, subject)
    assert links.read_code(KEY, code) == subject
    assert links.read_code(KEY, code.lower().replace("-", "").replace("0", "o")) == subject
    assert not set(code) & set("OILU")


@pytest.mark.parametrize(
    "between",
    [*"—–‐―−ー－~～_.·。、/一 \u3000\u00a0\u200b\u2060\ufeff\t\n", "—— "],
)
def test_whatever_parts_the_groups_of_a_code_is_no_part_of_it(between):
    code = links.code_of(KEY, "CP21-0125")
    typed = between.join(["", *code.lower().split("-"), ""])
    assert links.read_code(KEY, typed) == "CP21-0125"
    assert links.read_code(KEY, f"查询码：{between.join(code)}。") == "CP21-0125"


def test_a_code_has_three_groups_of_four_until_the_number_is_large():
    assert [len(part) for part in links.code_of(KEY, "CP21-0125").split("-")] == [4, 4, 4]


def test_no_letter_of_a_code_may_change_and_no_other_office_has_made_it():
    code = links.code_of(KEY, "CP21-0125").replace("-", "")
    for place, letter in enumerate(code):
        other = code[:place] + ("7" if letter != "7" else "8") + code[place + 1 :]
        with pytest.raises(InvalidInput):
            links.read_code(KEY, other)
    with pytest.raises(InvalidInput):
        links.read_code(b"x" * 32, code)


@pytest.mark.parametrize("typed", ["", "-", "中文", "\x00" * 12, "U" * 12, "0" * 400, "Ⅷ" * 12])
def test_what_is_no_code_is_refused_without_being_shown(typed):
    with pytest.raises(InvalidInput) as refused:
        links.read_code(KEY, typed)
    assert refused.value.value == "（不显示）"
