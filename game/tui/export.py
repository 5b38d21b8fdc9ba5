"""A page for the player: a file beside the saves, or, where they sit at a browser, one that comes to it."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING

from game.play.debrief import Debriefing
from game.play.page import Format, Page, page, write_page

if TYPE_CHECKING:
    from game.tui.shell import Shell


def export(app: Shell, of: Debriefing | Page, path: Path, format: Format) -> str:
    """Where it went, in words. Nobody at a browser sees the server's folders, so nothing is written there.

    Raises UserError.
    """
    if not app.is_web:
        write_page(of, path, format, replace=True)
        return str(path)
    text = io.StringIO(page(of, format).encode("utf-8", "replace").decode("utf-8"))
    app.deliver_text(text, save_filename=path.name, encoding="utf-8")
    return f"Your browser saves it, as {path.name}, where it keeps what it downloads."
