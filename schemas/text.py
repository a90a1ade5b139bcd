"""Text from outside: cleaned at the door, masked where it is shown, harmless in a spreadsheet."""

import re
import unicodedata
from decimal import Decimal

_SURROGATES = re.compile("[\ud800-\udfff]")
_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_UNCLEAN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_NO_MARK = frozenset({"Cc", "Cf", "Zs", "Zl", "Zp"})
_FILLER = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0]")
"""Signs that leave no mark although their category says otherwise."""

_PERSONAL = frozenset({"userName", "writingEvaluation"})
_NUMBERED = frozenset({"mobile", "certKey"})
_PHONE_OR_ID = re.compile(
    r"(?<![0-9])(?:\+?86)?"
    r"(?:(1[3-9][0-9])[0-9]{4}([0-9]{4})|([0-9]{4})[0-9]{10}([0-9]{3}[0-9Xx]))(?![0-9])"
)
_SHOWN = 60

_DISTORTED = re.compile(r"-?(?:[0-9][.][0-9]{14}E[+][0-9]+|Infinity)")
_FORMULA = re.compile("'*[=+\\-@\t\r＝＋－＠]")


def is_clean(text: str) -> bool:
    """Whether `clean` would leave the text as it is, surrounding blanks apart."""
    if not text.isprintable() and _UNCLEAN.search(text):
        return False
    return text.isascii() or unicodedata.is_normalized("NFC", text)


def clean(text: str) -> str:
    """NFC, without control characters (but \\n, \\t) and bidi overrides; lone surrogates U+FFFD."""
    if is_clean(text):
        return text
    return unicodedata.normalize("NFC", _UNSEEN.sub("", _SURROGATES.sub("\ufffd", text)))


def tidied(text: str) -> str:
    """The text cleaned, without blanks around it; empty where nothing of it can be seen."""
    tidy = clean(text).strip()
    return tidy if any(map(_is_seen, tidy)) else ""


def _is_seen(sign: str) -> bool:
    return unicodedata.category(sign) not in _NO_MARK and _FILLER.match(sign) is None


def masked(field: str, value: str) -> str:
    """The value as an error may show it: no names or texts, no phone or ID numbers, cut short."""
    if field in _PERSONAL and value:
        return f"（已隐去，{len(value)}字）"
    shown = _PHONE_OR_ID.sub(r"\1\3****\2\4", clean(value[: 2 * _SHOWN]))
    if field in _NUMBERED and "*" not in shown:
        return shown[:3] + "****" if shown else ""
    return shown if len(shown) <= _SHOWN else shown[:_SHOWN] + "…"


def guarded(cell: str) -> str:
    """A cell no spreadsheet takes for a formula: a leading apostrophe where it might."""
    return "'" + cell if _FORMULA.match(cell) else cell


def unguarded(cell: str) -> str:
    """The cell as it was before `guarded`."""
    return cell[1:] if cell[:1] == "'" and _FORMULA.match(cell) else cell


def distorted(number: float) -> str:
    """A number a spreadsheet has rounded, only as far as it is right."""
    return f"{Decimal(number):.14E}"


def is_distorted(cell: str) -> bool:
    """Whether a cell still holds what `distorted` wrote."""
    return _DISTORTED.fullmatch(cell) is not None
