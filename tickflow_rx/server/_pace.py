"""When a batch is due, and batches taken from a source ahead of that."""

import asyncio
import time
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from math import isinf

from tickflow_rx.server._source import Batch, Source

_CHUNK_BATCHES = 256
_CHUNK_SECONDS = 0.005
_LOW = 128


class Pace:
    """Turns times of a source into delays; the first batch is due at once.

    Parameters
    ----------
    speed
        Seconds of the source a second; None or infinity for no delays at all.
    max_wait
        Longest delay in seconds; a longer one (a night, a lunch) is cut to it.
    """

    def __init__(self, speed: float | None, max_wait: float | None = None) -> None:
        self._speed = None if speed is None or isinf(speed) else speed
        self._max_wait = max_wait
        self._origin: float | None = None

    @property
    def free(self) -> bool:
        """Whether there is no pace: the clients set it."""
        return self._speed is None

    def delay(self, time_ms: int, now: float) -> float:
        """Seconds from `now` (of any steady clock) until the batch of `time_ms` is due."""
        if self._speed is None:
            return 0.0
        elapsed = time_ms / 1000 / self._speed
        if self._origin is None:
            self._origin = now - elapsed
        wait = self._origin + elapsed - now
        if self._max_wait is not None and wait > self._max_wait:
            self._origin -= wait - self._max_wait
            wait = self._max_wait
        return max(wait, 0.0)


class Feeder:
    """Takes batches from a source in a thread of its own, a little ahead of their time.

    A source may compute for a tenth of a second (the whole market): in a thread the sockets stay
    served meanwhile. What was taken and not yet used survives `stop`, for the next `start`.
    """

    def __init__(self, source: Source) -> None:
        self._batches = source.batches()
        self._ready: deque[Batch] = deque()
        self._exhausted = False
        self._error: Exception | None = None
        self._executor: ThreadPoolExecutor | None = None
        self._filling: asyncio.Future[None] | None = None

    def start(self) -> None:
        """Make the thread."""
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="tickflow-rx-source")

    def stop(self) -> None:
        """End the thread, after the batch it is at."""
        if self._executor is not None:
            self._executor.shutdown(wait=True, cancel_futures=True)
            self._executor = None
        self._filling = None

    async def peek(self) -> Batch | None:
        """Return the next batch, leaving it there, or None at the end; raise the source's error."""
        while True:
            # Read before looking at what is ready: the thread sets it after its last batch.
            exhausted = self._exhausted
            if self._ready:
                if len(self._ready) < _LOW and not exhausted:
                    self._fill()
                return self._ready[0]
            if exhausted:
                if self._error is not None:
                    raise self._error
                return None
            await self._fill()

    def take(self) -> None:
        """Remove the batch that `peek` showed."""
        self._ready.popleft()

    def _fill(self) -> asyncio.Future[None]:
        if self._filling is None or self._filling.done():
            loop = asyncio.get_running_loop()
            self._filling = loop.run_in_executor(self._executor, self._take_chunk)
        return self._filling

    def _take_chunk(self) -> None:
        deadline = time.monotonic() + _CHUNK_SECONDS
        try:
            for _ in range(_CHUNK_BATCHES):
                self._ready.append(next(self._batches))
                if time.monotonic() > deadline:
                    return
        except StopIteration:
            self._exhausted = True
        except Exception as error:
            self._error = error
            self._exhausted = True
