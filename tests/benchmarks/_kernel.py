"""A Jupyter kernel of our own, whose messages are read as a front end would read them."""

from __future__ import annotations

import json
import threading
from ast import literal_eval
from contextlib import contextmanager
from importlib import import_module
from queue import Empty
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Generator

__all__ = ["Kernel", "kernel"]


class Kernel:
    """A kernel that runs.

    Parameters
    ----------
    client
        A `jupyter_client` client, with its channels open.
    """

    def __init__(self, client: Any) -> None:
        self.messages = 0
        self._client = client
        self._closed = threading.Event()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def run(self, code: str, value: str = "None", *, seconds: float = 3_600) -> Any:
        """Run code; then the value of an expression, which JSON can write."""
        asked = {"value": f"__import__('json').dumps({value})"}
        number = self._client.execute(code, user_expressions=asked)
        message = self._client.get_shell_msg(timeout=seconds)
        while message["parent_header"]["msg_id"] != number:  # one that nobody has waited for
            message = self._client.get_shell_msg(timeout=seconds)
        reply = message["content"]
        if reply["status"] != "ok":
            raise RuntimeError("\n".join(reply["traceback"]))
        shown = reply["user_expressions"]["value"]
        if shown["status"] != "ok":
            raise RuntimeError("\n".join(shown["traceback"]))
        return json.loads(literal_eval(shown["data"]["text/plain"]))

    def close(self) -> None:
        """Stop reading."""
        self._closed.set()
        self._reader.join()

    def _read(self) -> None:
        while not self._closed.is_set():
            try:
                message = self._client.get_iopub_msg(timeout=0.2)
            except Empty:
                continue
            self.messages += message["msg_type"] == "comm_msg"


@contextmanager
def kernel() -> Generator[Kernel]:
    """Run a kernel while the block runs."""
    manager: Any = import_module("jupyter_client").KernelManager()
    manager.start_kernel()
    client = manager.client()
    client.start_channels()
    client.wait_for_ready(timeout=60)
    running = Kernel(client)
    try:
        yield running
    finally:
        running.close()
        client.stop_channels()
        manager.shutdown_kernel(now=True)
