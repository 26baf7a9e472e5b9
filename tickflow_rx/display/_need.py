"""Libraries that come with the extra `notebook`."""

from __future__ import annotations

from importlib.util import find_spec

__all__ = ["need"]


def need(who: str, *modules: str) -> None:
    """Say clearly that the extra is missing.

    Parameters
    ----------
    who
        The function that was called.
    modules
        What it needs.

    Raises
    ------
    ModuleNotFoundError
        One of them is not installed.
    """
    for module in modules:
        if find_spec(module) is None:
            raise ModuleNotFoundError(
                f"display.{who} needs {module}, which is not installed: "
                "pip install 'tickflow-rx[notebook]'",
                name=module,
            )
