"""Every error the package raises on purpose.

    SynthoHiveError
    ├── SchemaError (also ValueError)                a name, a column, a type or a setting does not fit the table
    ├── TrainingError (also RuntimeError)            a fit could not end in a model
    ├── SerializationError (also RuntimeError)       a model directory cannot be written, read or trusted
    ├── ConstraintViolationError (also ValueError)   generated values break a rule or do not fit their type
    └── QualityError (also ValueError)               a synthetic table is worse than its gate allows

A message names the table or column, the argument or generated value seen, and the way out. It never holds a
value of a training row.
"""


class SynthoHiveError(Exception):
    """Root of the tree: catch it to catch everything the package raises on purpose."""


class SchemaError(SynthoHiveError, ValueError):
    """A name, a column, a type or a setting does not fit the table."""


class TrainingError(SynthoHiveError, RuntimeError):
    """A fit could not end in a model."""


class SerializationError(SynthoHiveError, RuntimeError):
    """A model directory cannot be written, read or trusted."""


class ConstraintViolationError(SynthoHiveError, ValueError):
    """Generated values break a rule, or do not fit the type of their column."""


class QualityError(SynthoHiveError, ValueError):
    """A synthetic table is worse than its gate allows."""
