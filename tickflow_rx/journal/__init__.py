"""The journal: raw frames as they were received, on disk, readable with public tools.

A folder of segments, ``journal/2026-11-24/000001.jsonl.zst``: JSON lines, compressed with
zstd. A line is a frame, an event of the feed, a tick of its clock, or the segment's head::

    {"crc":"…","received_us":1776735000123456,"connection":1,"frame":{"op":"quotes",…}}
    {"crc":"…","time_us":1776735000100000,"event":"Connected","fields":{"connection":1}}
    {"crc":"…","time_us":1776735001000000,"event":"Tick","fields":{}}
    {"crc":"…","journal":1,"made_by":"tickflow-rx 0.1.0","began_us":1776735000000000}

A frame that is no JSON of one line stands as ``"text"``, one that is no text as ``"base64"``.
``crc`` is the CRC-32 of what follows its comma, up to the end of the line. Days are those of
the receive time in UTC.

Frames and ticks stand in the order in which subscribers got them, and no two of a recorder have
the same time: what was closed by the clock then is closed by it in a replay, at the same place.
Connection numbers go on from one recorder to the next: one that counts from 1 again is written
as following the last number in the journal.

``zstdcat journal/*/*.zst | jq 'select(.frame.op == "quotes")'``
"""

from tickflow_rx.journal._lines import Head, Line, Noted
from tickflow_rx.journal._reader import Damage, Journal
from tickflow_rx.journal._writer import JournalWriter

__all__ = ["Damage", "Head", "Journal", "JournalWriter", "Line", "Noted"]
