"""匿名: free text without whoever wrote it, for the unit that was rated, and for files."""

import re
import unicodedata
from collections.abc import Collection, Iterator

from schemas.text import tidied

HIDDEN = "【隐去】"

_GAP = r"[\W_ー]{0,3}"
_SIGN = r"[\W_ー]{1,3}"
_DAY = rf"(?:0[1-9]|1[0-2]){_GAP}(?:0[1-9]|[12]\d|3[01])"
_NUMBERS = re.compile(
    # Behind the head of a complaint's or an order's number nobody's own begins.
    r"(?<!\d)(?<![A-Z]{2}\d\d-)(?:"
    # identity cards of today, and of old, whose holders were born before 2000
    rf"[1-9]\d{{5}}{_GAP}(?:19|20)\d\d{_GAP}{_DAY}{_GAP}\d{{3}}[\dXx]"
    rf"|[1-9]\d{{5}}{_GAP}[3-9]\d{_GAP}{_DAY}{_GAP}\d{{3}}"
    # mobile phones in the usual groups, parted by blanks anywhere, or sign by sign
    rf"|(?:(?:(?:\+|00)?86|0){_GAP})?(?:"
    rf"1[3-9]\d{_GAP}\d{{4}}{_GAP}\d{{4}}|1[3-9]\d{{3}}{_GAP}\d{{6}}"
    rf"|1 {{0,3}}[3-9](?: {{0,3}}\d){{9}}|1{_SIGN}[3-9](?:{_SIGN}\d){{9}})"
    # telephones with their area code
    rf"|(?:(?:\+|00)86{_GAP}[1-9]\d{{1,2}}|\(0[1-9]\d{{1,2}}\)|0[1-9]\d{{1,2}}){_GAP}\d{{7,8}}"
    r")(?!\d)"
)
_ADDRESSES = re.compile(
    r"(?<![A-Za-z0-9._%+-])[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+"
    r"|(?<![A-Za-z0-9])wxid_[A-Za-z0-9_-]+"
    r"|(?i:微信(?:号码?|账号|ID)|微信(?= ?[是为:])"
    r"|(?<![a-z])(?:vx|wx|weixin|wechat|v信)(?=[ 号是为:]))"
    r"号?(?: ?[是为:])? ?(?P<told>[A-Za-z][A-Za-z0-9_-]{5,19})"
)
_NUMBER = re.compile("1[3-9][0-9]{9}|0[1-9][0-9]{8,10}")
"""A phone number as digits alone."""
_SPOKEN = str.maketrans("〇零一幺二两三四五六七八九", "0011223456789")


class _Folds(dict[int, str]):
    """Each sign as numbers are looked for, one for one: the narrow digit for a wide one, a blank
    for what leaves no mark.
    """

    def __missing__(self, code: int) -> str:
        sign = chr(code)
        plain = unicodedata.normalize("NFKC", sign)
        if sign != "\n" and (not tidied(sign) or unicodedata.category(sign).startswith("M")):
            plain = " "
        same = len(plain) == 1 and plain.isdecimal() == sign.isdecimal()
        return self.setdefault(code, plain if same else sign)


_FOLDS = _Folds()


def without_persons(text: str, *known: str) -> str:
    """The text with no phones, ID numbers, mail addresses or WeChat names, and none of `known`;
    a phone number that is given as digits alone is found however it is parted or spelt.
    """
    for word in sorted(filter(None, known), key=len, reverse=True):
        text = text.replace(word, HIDDEN)
    folded, shown, end = text.translate(_FOLDS), "", 0
    for first, last in sorted([*_found(folded), *_spelt(folded, known)]):
        if last > end:
            shown += text[end:first] + (HIDDEN if first >= end else "")
            end = last
    return shown + text[end:]


def _found(folded: str) -> Iterator[tuple[int, int]]:
    for number in _NUMBERS.finditer(folded):
        yield number.span()
    for address in _ADDRESSES.finditer(folded):
        yield address.span("told" if address["told"] else 0)


def _spelt(folded: str, known: Collection[str]) -> Iterator[tuple[int, int]]:
    """Where all digits of a known number follow one another, whatever stands between them."""
    numbers = [word for word in known if _NUMBER.fullmatch(word)]
    # who lives there leaves the area code out
    numbers += [word[3 if word[1] in "12" else 4 :] for word in numbers if word[0] == "0"]
    for signs in (folded, folded.translate(_SPOKEN)) if numbers else ():
        places = [place for place, sign in enumerate(signs) if sign.isdecimal()]
        digits = "".join(signs[place] for place in places)
        for number in numbers:
            for found in re.finditer(number, digits):
                yield places[found.start()], places[found.end() - 1] + 1
