"""What a session hands to its own browser: pages that its player exported, each once, and nothing else."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from pathlib import PurePosixPath

from textual_serve.download_manager import DownloadManager

PIECE = 64 * 1024
PATIENCE = 60.0
"""Seconds for each piece: a busy laptop is slow, and half a page is worse than none."""
KINDS = {".html": "text/html", ".md": "text/markdown"}


@dataclass(frozen=True)
class Delivered:
    """A file as the browser gets it."""

    name: str
    body: bytes

    @property
    def headers(self) -> dict[str, str]:
        """To be saved, never to be shown in the place of the game."""
        return {
            "Content-Type": f"{KINDS.get(PurePosixPath(self.name).suffix, 'application/octet-stream')}; charset=utf-8",
            "Content-Disposition": f'attachment; filename="{self.name}"',
        }


class Deliveries(DownloadManager):
    """Those of one session. The text comes from its process, piece by piece; no path of this machine is opened."""

    def __init__(self) -> None:
        super().__init__()
        self._taken: set[str] = set()

    async def fetch(self, key: str) -> Delivered | None:
        """All of it, once; None where there is nothing of that key, or the session ended before it had all."""
        offered = self._active_downloads.get(key)
        if offered is None or key in self._taken:
            return None
        self._taken.add(key)
        body = bytearray()
        request: dict[str, str | int | bool | None] = {
            "type": "deliver_chunk_request", "key": key, "size": PIECE, "name": offered.name,
        }  # fmt: skip
        try:
            async with asyncio.timeout(PATIENCE) as patience:
                while await offered.app_service.send_meta(request):
                    piece = await offered.incoming_chunks.get()
                    if piece is None:
                        return None
                    if not piece:
                        return Delivered(plain_name(offered.file_name), bytes(body))
                    body += piece
                    patience.reschedule(asyncio.get_running_loop().time() + PATIENCE)
        except TimeoutError:
            pass
        finally:
            del self._active_downloads[key]
        return None


def plain_name(name: str) -> str:
    """A file's name that is safe in a header and on any disk."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", name).lstrip(".-")[-100:] or "page.html"
