import os
import signal
import subprocess
import sys
import threading
import time

from tests.tickflow_rx.feeds import SECONDS
from tickflow_rx._waiting import join, wait_for


def test_wait_for() -> None:
    event = threading.Event()
    assert wait_for(event, 0) is False
    assert wait_for(event, 0.001) is False
    event.set()
    assert wait_for(event, 0) is True
    assert wait_for(event) is True


def test_join() -> None:
    go_on = threading.Event()
    thread = threading.Thread(target=go_on.wait, args=[SECONDS])
    thread.start()
    go_on.set()
    join(thread)
    assert not thread.is_alive()


def test_an_interrupt_ends_a_wait_at_once() -> None:
    # In an interpreter of its own: where Polars is, and its handler of the signal.
    program = (
        "import polars, sys, threading\n"
        "from tickflow_rx._waiting import wait_for\n"
        "try: print('waiting', flush=True); wait_for(threading.Event())\n"
        "except KeyboardInterrupt: sys.exit(42)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "waiting\n"
        start = time.monotonic()
        os.kill(process.pid, signal.SIGINT)
        assert process.wait(SECONDS) == 42
        assert time.monotonic() - start < SECONDS / 2
