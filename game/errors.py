"""The one exception for what a user got wrong: printed as one line, exit code 2."""

from __future__ import annotations


class UserError(Exception):
    """What is wrong, where, and what to do about it, in one line."""
