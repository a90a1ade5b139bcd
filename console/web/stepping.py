"""网页: a step as a page's form asks for it: one door, in the name of whoever is signed in."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from starlette.datastructures import FormData

from console.accounts import Signed
from console.web.settling import settle
from console.web.site import Site
from schemas.text import tidied
from workflow.errors import InvalidInput
from workflow.ledger import Recorded

Done = TypeVar("Done", bound=Recorded | None)


def take(
    site: Site,
    viewer: Signed,
    form: FormData,
    door: Callable[..., Done],
    subject: str,
    /,
    **values: Any,
) -> Done:
    """Goes through this door with these values, with the form's command key and the version the
    person saw; then consumers and open pages are told, and what consumers do at once is waited
    for. Raises what the door raises.
    """
    asked = inspect.signature(door).parameters
    who = {"account": viewer.account, "role": viewer.role, "unit": viewer.unit}
    mine = {name: value for name, value in who.items() if name in asked}
    step = {"key": _key(viewer, form), "expected_version": version_of(form)}
    done = door(site.office.ledger, subject, **(mine | values), **step)
    site.moved()
    if done is not None:
        settle(site, done)
    return done


def _key(viewer: Signed, form: FormData) -> str | None:
    key = text(form, "key")
    return f"{viewer.account}/{key}" if key else None


def version_of(form: FormData) -> int | None:
    """The version the person saw. Raises InvalidInput."""
    return whole(form, "expected_version")


def text(form: FormData, name: str) -> str | None:
    """What was typed, cleaned; None for nothing."""
    given = form.get(name)
    return tidied(given) or None if isinstance(given, str) else None


def whole(form: FormData, name: str) -> int | None:
    """A whole number, None for nothing. Raises InvalidInput."""
    given = text(form, name)
    try:
        return None if given is None else int(given)
    except ValueError:
        raise InvalidInput(name, given, "须是整数") from None


def ticked(form: FormData, name: str) -> bool:
    """Whether a box was ticked."""
    return form.get(name) is not None


def moment(form: FormData, name: str, zone: ZoneInfo) -> str | None:
    """What a `datetime-local` field says, in the office's zone, as ISO 8601 with its offset."""
    given = text(form, name)
    if given is None:
        return None
    try:
        return datetime.fromisoformat(given).replace(tzinfo=zone).isoformat()
    except ValueError:
        raise InvalidInput(name, given, "须是日期和时间") from None
