"""The exceptions for what a user can understand and mend: printed as one line, without a traceback."""

from __future__ import annotations


class UserError(Exception):
    """What is wrong with the input, where, and what to do about it, in one line. Exit code 2."""


class Failure(UserError):
    """The input was right and it failed all the same (a full disk, a dead process). Exit code 1."""
