"""演示：a thinned quarter as messages for the topic `ratings`, moved so that it ended yesterday."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta

from console.demo.desks import Row
from console.demo.generator import LAST, RATING_FIELDS, SERVICE_FIELDS, Quarter


def messages(seed: int, one_in: int, today: date) -> Iterator[str]:
    """One JSON object a row, day by day: the services, then the ratings, the bad ones among them.

    Synthetic; as every good rating but one in `one_in` is left out, no total is the circular's.
    """
    on = timedelta(days=(today - LAST).days - 1)
    for day in Quarter(seed, one_in).days():
        services = [row for arrival in day.bad for row in arrival.services]
        ratings = [row for arrival in day.bad for row in arrival.ratings]
        for fields, rows in (
            (SERVICE_FIELDS, (*day.services, *services)),
            (RATING_FIELDS, (*day.ratings, *ratings)),
        ):
            yield from (_message(fields, row, on) for row in rows)


def _message(fields: Row, row: Sequence[str], on: timedelta) -> str:
    said = {"source": "bihuan", **dict(zip(fields, row, strict=True))}
    when = fields[-1]
    said[when] = str(datetime.fromisoformat(said[when]) + on)
    return json.dumps({name: text for name, text in said.items() if text}, ensure_ascii=False)
