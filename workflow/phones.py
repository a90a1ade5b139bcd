"""电话: the number in what somebody typed, as numbers are matched and searched for; pure."""

from __future__ import annotations

import re
import unicodedata

_NUMBER = r"1[3-9][0-9]{9}|0[1-9][0-9]{8,10}"
_PHONE = re.compile(rf"(?:(?:\+|00)?86)?({_NUMBER})|(?:\+|00)86([1-9][0-9]{{8,10}})")
"""A mobile number, or a fixed one with its area code, which loses its 0 behind +86."""
_BETWEEN = re.compile(r"[^0-9+()\-\s]+")
_NO_DIGIT = re.compile(r"[^0-9+]+")


def number_of(text: str) -> str:
    """The phone number that a text is, as digits alone; empty where it is none."""
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
    found = _PHONE.fullmatch(text if text.isdigit() else _NO_DIGIT.sub("", text))
    return (found[1] or f"0{found[2]}") if found else ""


def number_in(text: str) -> str:
    """The same of what a rating was sent with, where a second number, an extension or a name may
    stand behind it: the first there is.
    """
    if whole := number_of(text):
        return whole
    parts = _BETWEEN.split(unicodedata.normalize("NFKC", text))
    return next(filter(None, map(number_of, parts)), "")


def is_in(text: str, number: str) -> bool:
    """Whether the text has this number anywhere, in whichever way it is written."""
    whole, behind = (r"[()\-\s]*".join(digits) for digits in (number, f"86{number.lstrip('0')}"))
    found = rf"(?<![0-9])(?:{whole}|(?:00)?{behind})(?![0-9])"
    return re.search(found, unicodedata.normalize("NFKC", text)) is not None
