"""What tickops raises.

::

    OperatorError(Exception)
    ├── SchemaError     a column is missing or of the wrong type; says which operator makes it
    ├── LateRowError    a row older than its symbol has shown, where late="raise"
    └── SnapshotError   a snapshot that is damaged, or of another operator or schema

Arguments that cannot be right (``levels=0``) are a ``ValueError`` or ``TypeError`` at once.
"""

__all__ = ["LateRowError", "OperatorError", "SchemaError", "SnapshotError"]


class OperatorError(Exception):
    """Base of all errors that operators raise while they run."""


class SchemaError(OperatorError):
    """A frame lacks a column that an operator needs, or has it with the wrong type."""


class LateRowError(OperatorError):
    """A row is older than what its symbol has already shown, and ``late="raise"``."""


class SnapshotError(OperatorError):
    """A snapshot is damaged, or was made by another operator or for another schema."""
