"""A recorder on a small filesystem of its own, until it is full."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ALONE = ["unshare", "--map-root-user", "--mount", "sh", "-euc"]
"""A mount that only the command sees, and that ends with it."""


def may_mount() -> bool:
    if shutil.which("unshare") is None:
        return False
    mount = [*ALONE, "mount -t tmpfs -o size=64k none /mnt"]
    return subprocess.run(mount, capture_output=True, check=False).returncode == 0


@pytest.mark.skipif(not may_mount(), reason="this machine lets nobody mount a filesystem")
def test_the_feed_lives_on_and_what_was_written_is_whole(tmp_path: Path) -> None:
    mount = f"mount -t tmpfs -o size=64k none {tmp_path}"
    script = f"{mount}; exec {sys.executable} -m tests.tickflow_rx.full_disk {tmp_path}"
    done = subprocess.run(
        [*ALONE, script], cwd=ROOT, capture_output=True, text=True, check=False, timeout=100
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert "No space left on device" in told["error"]
    assert str(tmp_path) in told["error"]
    assert told["delivered"] == list(range(told["published"] + 1))
    recorded = told["recorded"]
    assert 20 < len(recorded) < told["published"]
    assert recorded == list(range(len(recorded)))
    assert all(told["damage"])
