"""The footer with the keys of a screen."""

from __future__ import annotations

from textual.widgets import Footer


class Keys(Footer):
    """Textual's Footer, which keeps no key that it no longer shows.

    Each key watches the footer's `compact`, and its watcher is dropped only when that is set again: on a screen that
    stays, such as the title, the keys of every game would add up.
    """

    async def recompose(self) -> None:
        await super().recompose()
        self.mutate_reactive(Footer.compact)
