"""封存: what stands sealed in an address or a cookie; nobody else reads or changes it."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode

from console.wiring import Office
from workflow.errors import Damaged


def sealed(office: Office, kind: str, whose: str, plain: bytes) -> str:
    """As it may stand in an address; of this kind and this person's alone."""
    return urlsafe_b64encode(office.vault.seal(kind, whose, plain)).decode().rstrip("=")


def opened(office: Office, kind: str, whose: str, text: str) -> bytes:
    """What was `sealed`. Raises Damaged for anything else."""
    try:
        given = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:  # no text of that alphabet
        raise Damaged("不是本系统给出的内容") from None
    return office.vault.unseal(kind, whose, given)
