"""接口: what a body must be before its shape is asked."""

from __future__ import annotations

import json
from typing import Any

from fastapi import Depends, Request

from console.web.api.problems import WHOLE_BODY
from workflow.errors import InvalidInput


async def _said_once(request: Request) -> None:
    """Raises InvalidInput for a field named twice: which one is meant would be a guess."""
    body = await request.body()
    try:
        json.loads(body, object_pairs_hook=_once)
    except InvalidInput:
        raise
    except (ValueError, RecursionError):  # no JSON: told where its shape is asked
        return


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise InvalidInput(WHOLE_BODY, "", "同一字段出现两次")
    return found


SAID_ONCE = Depends(_said_once)
