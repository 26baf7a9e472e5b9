"""What all tests stand on."""

import signal


def pytest_configure() -> None:
    """Hear of Ctrl-C also where tests were started in the background, which ignores it."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
