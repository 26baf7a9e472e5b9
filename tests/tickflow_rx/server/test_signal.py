import asyncio
import threading

from tickflow_rx.server import Signal


def test_waits_in_a_thread() -> None:
    signal = Signal()
    assert not signal.is_set()
    assert not signal.wait(0)
    threading.Thread(target=signal.set).start()
    assert signal.wait(10)
    signal.set()
    assert signal.is_set()
    assert repr(signal) == "<Signal set>"


def test_is_awaited_in_any_number_of_loops() -> None:
    signal = Signal()
    waiting = threading.Barrier(3)

    async def main() -> None:
        waiting.wait(10)
        await signal

    threads = [threading.Thread(target=asyncio.run, args=(main(),)) for _ in range(2)]
    for thread in threads:
        thread.start()
    waiting.wait(10)
    signal.set()
    for thread in threads:
        thread.join(10)
        assert not thread.is_alive()
    asyncio.run(asyncio.wait_for(_awaited(signal), 10))


def test_forgets_who_stopped_waiting() -> None:
    signal = Signal()

    async def main() -> None:
        task = asyncio.ensure_future(_awaited(signal))
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert task.cancelled()

    asyncio.run(main())
    signal.set()


async def _awaited(signal: Signal) -> None:
    await signal
