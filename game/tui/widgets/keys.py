"""The footer with the keys of a screen."""

from __future__ import annotations

from textual.widgets import Footer


class Keys(Footer):
    """Textual's Footer, which makes its keys anew only where others have to be shown, and keeps none of the old.

    Each key watches the footer's `compact`, and its watcher is dropped only when that is set again: on a screen that
    stays, such as the title, the keys of every game would add up.
    """

    _standing: object = None

    async def recompose(self) -> None:
        if not self.is_attached:
            return
        shown = [
            (b.key, self.app.get_key_display(b), b.description, b.action, enabled, tooltip)
            for _, b, enabled, tooltip in self.screen.active_bindings.values()
            if b.show
        ]
        if shown != self._standing:
            self._standing = shown
            await super().recompose()
            self.mutate_reactive(Footer.compact)
