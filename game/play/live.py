"""The keyhole on the agent's writing: which of the text that streams in the researcher may read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from game.events import AgentTurn, Token
from game.table.scene import Scene
from game.world.moves import GroundedMove, legal_moves, make_move

Kind = Literal["reasoning", "thought", "move", "mail", "text"]
BAR = "▇"
_MARK = "[the text of it]"
"""Stands for a text that is still being written. Plain characters: the world cleans what it is given."""


@dataclass(frozen=True)
class Glimpse:
    """A piece of text that has arrived: only `mail` (to the researcher) may be read, the rest is bars."""

    kind: Kind
    text: str

    @property
    def readable(self) -> bool:
        return self.kind == "mail"

    @property
    def shown(self) -> str:
        return self.text if self.readable else bars(self.text)


def bars(text: str) -> str:
    """`text` blacked out: every character but spaces becomes a bar."""
    return "".join(c if c in " \n" else BAR for c in text)


class Keyhole:
    """Follows one answer. `scene` is the decision that is being made."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._moves: list[GroundedMove] | None = None
        self._written = ""
        self._mail: bool | None = None

    def look(self, token: Token) -> Glimpse:
        """What may be seen of a token."""
        if token.part == "move":
            self._written += token.text
            return Glimpse("move", token.text)
        if token.part == "free":
            if self._mail is None:
                self._mail = self._is_mail()
            return Glimpse("mail" if self._mail else "text", token.text)
        return Glimpse(token.part, token.text)

    def _is_mail(self) -> bool:
        """Whether the move that has been written puts its text into the researcher's mailbox."""
        if self._moves is None:
            self._moves = legal_moves(self._scene.world)
        written = " ".join(self._written.split())
        fitting = [m for m in self._moves if m.free and written.startswith(m.text)]
        if not fitting:
            return False
        move = max(fitting, key=lambda m: len(m.text))
        result = make_move(self._scene.world, move, {f.name: _MARK for f in move.free})
        return any(t.where == "mailbox" and _MARK in t.says for t in result.traces)


def as_tokens(turn: AgentTurn) -> list[Token]:
    """A turn that came in one piece, as the tokens that it might have come in."""
    out = [Token(part="reasoning", text=turn.reasoning)] if turn.reasoning else []
    out.append(Token(part="thought", text=turn.thought))
    line = turn.line
    for name, text in reversed(turn.free.items()):
        line = line.removesuffix(f' {name}="{text}"')
    out.append(Token(part="move", text=line))
    return out + [Token(part="free", text=text) for text in turn.free.values()]
