"""Times of a grid that counts from local midnight."""

from datetime import datetime, time, timedelta

from tests.oracles.arrivals import Arrival
from tests.oracles.market import ZONES, region_of


def grid_time(arrival: Arrival, every: timedelta) -> datetime:
    """First multiple since midnight that is not before the row, at most the next midnight."""
    zone = ZONES[region_of(arrival.row)]
    midnight = datetime.combine(arrival.time.astimezone(zone).date(), time(), zone)
    now = midnight
    now += every * ((arrival.time - midnight) // every)
    if now < arrival.time:
        now += every
    return min(now, midnight + timedelta(days=1)).astimezone(arrival.time.tzinfo)
