"""Another system that comes in by HTTP where the console may be killed: no answer, or half of one,
is no answer.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from schemas.rating import Rating
from workflow.errors import Away, Refused

NAME = "portal"
OWN = f"token:{NAME}/"
"""Before the keys of its steps, where they lie."""

STEPS = {
    "CallAttempted": "call",
    "ComplaintConfirmed": "confirm",
    "ComplaintDismissed": "dismiss",
    "RectificationAccepted": "accept-feedback",
}


class Caller:
    """Whoever holds the token. Raises Away where it is to be asked again, Refused where not."""

    def __init__(self, address: str, token: str) -> None:
        self._address, self._token = address, token

    def sends(self, key: str, rows: Sequence[Rating]) -> list[str]:
        """What became of each: the first answer, however often it is asked for."""
        sent = [row.model_dump(mode="json", exclude={"source"}) for row in rows]
        told = self._asks("ratings?source=bihuan", key, sent)
        return [row["outcome"] for row in told["rows"]]

    def steps(self, key: str, subject: str, kind: str, values: dict[str, Any]) -> str:
        """The event's id."""
        path = f"complaints/{subject}/steps/hotline/{STEPS[kind]}"
        told = self._asks(path, key.removeprefix(OWN), values)
        return f"{told['subject']}-{told['version']}"

    def _asks(self, path: str, key: str, body: Any) -> Any:
        headers = {
            "Authorization": f"Bearer {self._token}",
            "Content-Type": "application/json",
            "Idempotency-Key": key,
        }
        asked = Request(f"{self._address}/api/v1/{path}", json.dumps(body).encode(), headers)
        try:
            with urlopen(asked, timeout=30) as answer:
                return json.load(answer)
        except HTTPError as error:
            if error.code in (429, 503):
                raise Away from error
            told = json.load(error)
            assert error.code == 409, told
            raise Refused(told["type"]) from error
        except (HTTPException, OSError) as error:
            raise Away from error
