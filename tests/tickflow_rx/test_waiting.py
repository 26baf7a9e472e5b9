import os
import signal
import subprocess
import sys
import threading
import time

from tests.tickflow_rx.feeds import SECONDS
from tickflow_rx._waiting import Latch, Worker, leave_ctrl_c_to_python


def test_a_latch() -> None:
    latch = Latch()
    assert latch.wait(0) is False
    assert latch.wait(0.001) is False
    assert not latch.is_set()
    latch.set()
    latch.set()
    assert latch.is_set()
    assert latch.wait(0) is True
    assert latch.wait() is True


def test_a_latch_wakes_all_who_wait() -> None:
    latch = Latch()
    woken: list[bool] = []
    threads = [threading.Thread(target=lambda: woken.append(latch.wait(SECONDS))) for _ in range(8)]
    for thread in threads:
        thread.start()
    latch.set()
    for thread in threads:
        thread.join()
    assert woken == [True] * 8


def test_ctrl_c_anywhere_in_a_wait_is_only_that() -> None:
    # threading.Event raises "release unlocked lock" in one of 25, or never returns.
    latch, interrupted = Latch(), 0
    before = signal.signal(signal.SIGALRM, signal.default_int_handler)
    try:
        for number in range(2_000):
            try:
                signal.setitimer(signal.ITIMER_REAL, 2e-6 + 2e-8 * number)
                while not latch.wait(0.000_001):
                    pass
            except KeyboardInterrupt:
                interrupted += 1
    finally:
        signal.signal(signal.SIGALRM, before)
    assert interrupted == 2_000
    latch.set()
    assert latch.wait(0)


def test_a_worker() -> None:
    go_on = Latch()
    worker = Worker(go_on.wait, "worker")
    worker.wait()  # not begun
    worker.start()
    assert worker.daemon
    assert worker.name == "worker"
    go_on.set()
    worker.wait()
    assert not worker.is_alive()


def test_a_worker_whose_wait_was_interrupted_still_runs() -> None:
    # After Thread.join in Python 3.11 and 3.12 it would count as ended.
    go_on = Latch()
    worker = Worker(go_on.wait, "worker")
    worker.start()
    before = signal.signal(signal.SIGALRM, signal.default_int_handler)
    interrupted = False
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.001)
        worker.wait()
    except KeyboardInterrupt:
        interrupted = True
    finally:
        signal.signal(signal.SIGALRM, before)
    assert interrupted
    assert worker.is_alive()
    go_on.set()
    worker.wait()
    assert not worker.is_alive()


def test_ctrl_c_ends_a_wait_at_once() -> None:
    # In an interpreter of its own: where Polars is, and its handler of the signal.
    program = (
        "import signal, sys\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "import polars\n"
        "from tickflow_rx._waiting import Latch\n"
        "try: print('waiting', flush=True); Latch().wait()\n"
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


def test_polars_does_not_hear_of_ctrl_c() -> None:
    program = """
import os, signal, threading
signal.signal(signal.SIGINT, signal.default_int_handler)  # make may have it ignored
import polars
from tickflow_rx._waiting import Latch, leave_ctrl_c_to_python

frame, begun, stop = polars.DataFrame({"a": range(1_000_000)}), Latch(), Latch()

def query():
    while not stop.is_set():
        frame.lazy().select(polars.col("a").sort().sum()).collect()
        begun.set()

leave_ctrl_c_to_python()
thread = threading.Thread(target=query)
thread.start()
begun.wait()
for _ in range(5):
    try:
        os.kill(os.getpid(), signal.SIGINT)
        Latch().wait()
    except KeyboardInterrupt:
        print("main")
stop.set()
thread.join()
"""
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=True,
    )
    assert done.stdout == "main\n" * 5
    assert done.stderr == ""


def test_the_handler_stays_what_it_is() -> None:
    def mine(*_: object) -> None:
        raise AssertionError

    before = signal.getsignal(signal.SIGINT)
    try:
        for handler in (mine, signal.SIG_IGN, signal.SIG_DFL, signal.default_int_handler):
            signal.signal(signal.SIGINT, handler)
            leave_ctrl_c_to_python()
            assert signal.getsignal(signal.SIGINT) == handler
    finally:
        signal.signal(signal.SIGINT, before)
    thread = threading.Thread(target=leave_ctrl_c_to_python)  # which would be refused there
    thread.start()
    thread.join()
