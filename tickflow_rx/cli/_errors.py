"""Errors as one line: what happened, which value, what to do."""

import sys
from typing import Final

from cyclopts import CycloptsError, MissingArgumentError, UnusedCliTokensError

from tickflow_rx.exceptions import AuthenticationError, TickFlowError

KEY_HELP: Final = "put it into the environment variable TICKFLOW_API_KEY or give --api-key"


class CommandError(Exception):
    """A command cannot do what it was asked; the message is the line that its user reads."""


def one_line(error: Exception) -> str | None:
    """Say in one line what a caller did wrong; None if the error is not a caller's.

    The errors of libraries that a command did not import cannot be theirs: nothing is imported
    here to find out.
    """
    match error:
        case MissingArgumentError() | UnusedCliTokensError():
            text = f"{_of_arguments(error)} Try {_help_of(error)}."
        case CycloptsError():
            text = str(error)
        case AuthenticationError():
            text = str(error).replace("Feed(api_key=…)", "--api-key")
        case CommandError() | TickFlowError() | ValueError():
            text = str(error)
        case OSError():
            text = _of_system(error)
        case _ if isinstance(error, _errors_of_frames()):
            text = first_line(error)
        case _:
            return None
    return " ".join(text.split())


def first_line(error: Exception) -> str:
    """Return what an error says before it explains where it comes from, as Polars' do."""
    return next((line for line in str(error).splitlines() if line.strip()), type(error).__name__)


def _of_arguments(error: CycloptsError) -> str:
    if isinstance(error, UnusedCliTokensError):
        return f"One argument too many: {' '.join(error.unused_tokens or [])}."
    return str(error)


def _help_of(error: CycloptsError) -> str:
    return " ".join(["tickflow-rx", *(error.command_chain or []), "--help"])


def _of_system(error: OSError) -> str:
    reason = error.strerror or str(error)
    return f"{error.filename}: {reason}" if error.filename else reason


def _errors_of_frames() -> tuple[type[Exception], ...]:
    found: list[type[Exception]] = []
    if "tickops" in sys.modules:
        from tickops.exceptions import OperatorError

        found.append(OperatorError)
    if "polars" in sys.modules:
        from polars.exceptions import PolarsError

        found.append(PolarsError)
    return tuple(found)
