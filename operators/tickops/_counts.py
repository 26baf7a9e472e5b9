"""Parameters that are whole numbers from 1 on."""

__all__ = ["check_count"]


def check_count(name: str, value: object, of: str = "") -> None:
    """Raise unless the value given for argument `name` is a whole number of at least 1.

    Parameters
    ----------
    name, value
        The argument.
    of
        What is counted, such as "row", for the message.

    Raises
    ------
    TypeError, ValueError
        It is none, or below 1.
    """
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"{name} must be a whole number{of and f' of {of}s'}, not {value!r}")
    if value < 1:
        raise ValueError(f"{name} must be at least 1{of and f' {of}'}, not {value}")
