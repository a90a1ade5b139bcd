"""号码、姓名: as they may stand on a page before somebody says why he must see them; pure."""

from __future__ import annotations

import re

_MOBILE = re.compile(r"(?:\+?86)?(1[0-9]{2})[0-9]{4}([0-9]{4})")


def masked(phone: str) -> str:
    """138****1234 of a mobile phone; of any other number no more than its last two digits."""
    digits = re.sub(r"[\s-]", "", phone)
    mobile = _MOBILE.fullmatch(digits)
    if mobile:
        return f"{mobile[1]}****{mobile[2]}"
    return f"****{digits[-2:]}" if len(digits) >= 7 else "****"


def surname(name: str) -> str:
    """张** of a name, however long it is; empty where there is none."""
    return f"{name.strip()[0]}**" if name.strip() else ""
