"""``python -m tickflow_rx`` is ``tickflow-rx``."""

import sys

from tickflow_rx.cli import main

if __name__ == "__main__":
    sys.exit(main())
