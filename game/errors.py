"""The exceptions for what a user can understand and mend: printed as one line, without a traceback."""

from __future__ import annotations


class UserError(Exception):
    """What is wrong with the input, where, and what to do about it, in one line. Exit code 2."""


class Failure(UserError):
    """The input was right and it failed all the same (a full disk, a dead process). Exit code 1."""


def fault(error: BaseException) -> str:
    """One line about a fault of the program itself; the traceback goes to a file that the line names."""
    import os
    import tempfile
    import traceback

    story = traceback.extract_tb(error.__traceback__)
    where = f" in {os.path.basename(story[-1].filename)}:{story[-1].lineno}" if story else ""  # noqa: PTH119
    says = f"a fault of parkbench itself ({type(error).__name__}{where})"
    try:
        fd, path = tempfile.mkstemp(".txt", "parkbench-fault-")
        with open(fd, "w", encoding="utf-8", errors="replace") as file:  # noqa: PTH123
            file.write("".join(traceback.format_exception(error)))
    except OSError:
        return says
    return f"{says}; what happened is in {path}"
