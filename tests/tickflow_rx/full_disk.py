"""Records into a folder until its disk is full, and prints what came of it: for test_full_disk."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from tests.tickflow_rx.feeds import SECONDS, A, Events, Rows, feed_of, quote
from tickflow_rx import Journal, Recorder, events
from tickflow_rx._queue import RawFrame
from tickflow_rx.server import Server


def main(folder: Path) -> None:
    with Server() as server:
        feed = feed_of(server, quotes=[A])
        quotes, status = Rows(feed.quotes), Events(feed.status)
        recorder, count = Recorder(feed, folder, flush_every=0.001), 0
        with feed:
            assert server.when(lambda now: now.subscriptions == 1).wait(SECONDS)
            while not any(isinstance(item, events.SubscriberFailed) for item in list(status.items)):
                server.publish("quotes", [quote(A, volume=count, note=f"{count * 7**30:x}" * 40)])
                count += 1
                quotes.until_rows(count)
            server.publish("quotes", [quote(A, volume=count)])
            quotes.until_rows(count + 1)
        recorder.close()
        journal = Journal(folder)
        frames = [record for record in journal.read() if isinstance(record, RawFrame)]
        rows = [row for frame in frames for row in json.loads(frame.data).get("data", [])]
        print(
            json.dumps(
                {
                    "error": str(recorder.error),
                    "published": count,
                    "delivered": quotes.column("volume"),
                    "recorded": [row["volume"] for row in rows],
                    "damage": [damage.torn for damage in journal.damage],
                }
            )
        )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
