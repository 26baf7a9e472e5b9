"""The server's logger, from which no query, and so no key, ever comes out."""

import logging
from typing import Final

from tickflow_rx._log import HideQueries

logger: Final = logging.getLogger("tickflow_rx.server")
logger.addFilter(HideQueries())
