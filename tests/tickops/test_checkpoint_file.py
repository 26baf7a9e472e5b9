"""Files of checkpoints: data only, and told when they are damaged."""

import contextlib
import hashlib
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import tickops as ops
from tests.tickops.test_checkpoint import NOBODY, OP, Life, rows
from tests.tickops.test_sink_parquet import Outcome
from tickops import _checkpoint_file

DIGEST = 16
FILES = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def sealed(body: bytes) -> bytes:
    """Bytes behind their checksum."""
    return hashlib.blake2b(body, digest_size=DIGEST).digest() + body


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A checkpoint after a row."""
    folder = tmp_path_factory.mktemp("saved")
    life = Life(folder, OP, NOBODY, every="1s")
    life.source.tell(rows(1))
    life.subscription.dispose()
    return (folder / "state" / "checkpoint").read_bytes()


def changed(saved: bytes, **progress: Any) -> bytes:
    """The same with other values."""
    file = msgspec.msgpack.decode(saved[DIGEST:])
    at = file["progress"]
    at["reached"] |= {name: at_ for name, at_ in progress.items() if name in at["reached"]}
    at |= {name: at_ for name, at_ in progress.items() if name in at}
    file |= {name: at_ for name, at_ in progress.items() if name in file}
    return sealed(msgspec.msgpack.encode(file))


@FILES
@given(data=st.data())
def test_damage_is_a_snapshot_error(data: st.DataObject, saved: bytes, tmp_path: Path) -> None:
    whole = bytearray(saved)
    if data.draw(st.booleans()):
        whole = whole[: data.draw(st.integers(0, len(whole) - 1))]
    else:
        at = data.draw(st.integers(0, len(whole) - 1))
        whole[at] ^= data.draw(st.integers(1, 255))
    (tmp_path / "checkpoint").write_bytes(whole)
    with pytest.raises(ops.SnapshotError, match="checkpoint is no checkpoint, or a damaged one"):
        ops.checkpoint(tmp_path).position()


@FILES
@given(data=st.data())
def test_a_forged_checksum_is_not_enough(data: st.DataObject, saved: bytes, tmp_path: Path) -> None:
    body = bytearray(saved[DIGEST:])
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(body) - 1))
        body[at] ^= data.draw(st.integers(1, 255))
    (tmp_path / "checkpoint").write_bytes(sealed(bytes(body)))
    with contextlib.suppress(ops.SnapshotError):
        ops.checkpoint(tmp_path).position()


@pytest.mark.parametrize(
    ("progress", "what"),
    [
        ({"format": "tickops checkpoint 0"}, "has format 'tickops checkpoint 0'"),
        ({"rows": -1}, "rows"),
        ({"rows": 1 << 63}, "rows"),
        ({"parts": [-1]}, "parts"),
        ({"dtype": None}, "its position has no type"),
        ({"dtype": ["String"]}, "a position cannot be String"),
        ({"dtype": ["Datetime", "ms", "Nowhere"]}, "schema"),
        ({"value": 1 << 62}, "is no moment"),
        ({"value": 1 << 63}, "is no moment"),
        ({"value": "now"}, "value"),
    ],
)
def test_what_cannot_be_is_refused(
    saved: bytes, tmp_path: Path, progress: dict[str, Any], what: str
) -> None:
    (tmp_path / "checkpoint").write_bytes(changed(saved, **progress))
    with pytest.raises(ops.SnapshotError, match=what):
        ops.checkpoint(tmp_path).position()


def test_a_damaged_one_is_told_to_the_observer_and_lets_go(saved: bytes, tmp_path: Path) -> None:
    (tmp_path / "checkpoint").write_bytes(saved[:-1])
    frames = ops.Frames().pipe(OP, ops.checkpoint(tmp_path))
    for _ in range(2):
        error = Outcome(frames).error
        assert error.startswith("SnapshotError: ")
        assert "To begin anew, remove it" in error


def test_a_damaged_run_in_it_is_told(saved: bytes, tmp_path: Path) -> None:
    (tmp_path / "checkpoint").write_bytes(changed(saved, run=b"no snapshot", parts=[]))
    error = Outcome(ops.Frames().pipe(OP, ops.checkpoint(tmp_path))).error
    assert error.startswith("SnapshotError: these 11 bytes are no snapshot")


def test_one_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "checkpoint").mkdir()
    with pytest.raises(ops.SnapshotError, match="cannot be read: Is a directory"):
        ops.checkpoint(tmp_path).position()


def test_it_is_replaced_whole(saved: bytes, tmp_path: Path) -> None:
    """A temporary file that a dead process left is no checkpoint, and in nobody's way."""
    (tmp_path / ".checkpoint.tmp").write_bytes(b"half")
    assert _checkpoint_file.read(tmp_path) is None
    decoded = msgspec.msgpack.decode(saved[DIGEST:], type=_checkpoint_file.Saved)
    _checkpoint_file.write(tmp_path, decoded)
    assert _checkpoint_file.read(tmp_path) == decoded
    assert [path.name for path in tmp_path.iterdir()] == ["checkpoint"]
