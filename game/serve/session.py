"""One session's process: the whole game, its screen in packets on standard output. Started by the server alone."""

from __future__ import annotations

import os
import sys

DRIVER = "game.serve.driver:ServedDriver"


def main(model: str) -> int:
    """Play until the player quits or the server closes the pipe. Returns the exit code."""
    # A fault's story goes into a file; whatever else would be said here would be said on the server's terminal.
    sys.stderr.flush()
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    from game import paths
    from game.errors import fault
    from game.play.lessons import Lessons
    from game.play.start import Start
    from game.settings import read_settings
    from game.tui import memory
    from game.tui.app import ParkbenchApp
    from game.tui.keys import check_keys

    settings = read_settings(paths.settings())
    check_keys(settings.keys, paths.settings())
    memory.calm()
    app = ParkbenchApp(Start(model=model), settings=settings, lessons=Lessons())
    app.run()
    if app.fault is not None:
        fault(app.fault)
        return 1
    return app.return_code or 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
