"""时钟: the door through which time enters."""

from producers.clock.recomputing import recompute
from producers.clock.ticker import Ticker
from producers.clock.timers import tick

__all__ = ["Ticker", "recompute", "tick"]
