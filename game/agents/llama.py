"""A language model in the agent's chair: views become chat messages and forms, answers become turns."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import math
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Literal

import numpy as np

from game.engine.client import EngineClient
from game.engine.errors import EngineError
from game.engine.protocol import (
    Answered,
    Form,
    FreeText,
    Message,
    ModelInfo,
    Option,
    Piece,
    Sampler,
    Scores,
    Stored,
    Weights,
)
from game.events import Counts, Propensities, Token
from game.table.protocol import AgentError, ChatMessage, Question, Reply, Turn, View
from game.table.render import question_text

TEMPERATURE = 0.6
"""Where neither the caller nor the GGUF (`general.sampling.temp`) says otherwise."""
LONGEST_SAY = 400
"""Characters of an answer to a question without fixed answers."""
_PART: dict[str, Literal["reasoning", "thought", "move", "free"]] = {
    "reasoning": "reasoning",
    "lead": "thought",
    "pick": "move",
    "free": "free",
}
Status = Literal["truncated", "invalid", "crashed"]
_STATUS: dict[str, Status] = {"truncated": "truncated", "model": "invalid", "template": "invalid"}


def default_sampler(info: ModelInfo) -> Sampler:
    """The sampler settings that the GGUF recommends, over ours."""
    given, ours = info.sampler, Sampler(temperature=TEMPERATURE)
    return replace(
        ours,
        temperature=max(0.0, given.get("temperature", ours.temperature)),
        top_k=max(0, int(given.get("top_k", ours.top_k))),
        top_p=given.get("top_p", ours.top_p),
        min_p=given.get("min_p", ours.min_p),
        repeat_penalty=given.get("repeat_penalty", ours.repeat_penalty) or 1.0,
    )


def turn_seed(seed: int, turn: int, what: str = "") -> int:
    """The seed of one answer: from the episode's seed, the turn, and what is asked; 63 bits."""
    digest = hashlib.sha256(f"{seed}:{turn}:{what}".encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 1


class LlamaAgent:
    """Implements the table's `Agent` over an engine that has a model loaded.

    `temperature` overrides the model's own; `constrained=False` lets the model write what it
    likes (to measure how often it is legal by itself): an illegal turn then raises `AgentError`.
    """

    def __init__(
        self,
        client: EngineClient,
        info: ModelInfo,
        *,
        temperature: float | None = None,
        constrained: bool = True,
        name: str = "",
        sha256: str = "",
        weights: tuple[Weights, ...] = (),
    ) -> None:
        """`sha256`: of what plays, where that is more than the model's file."""
        self.name = name or info.name
        self.sha256 = sha256 or info.sha256
        self._weights = weights
        self._client = client
        self._sampler = default_sampler(info)
        if temperature is not None:
            self._sampler = replace(self._sampler, temperature=temperature)
        self._constrained = constrained

    async def act(self, view: View) -> AsyncIterator[Token | Turn]:
        """Stream the answer's pieces, then yield exactly one `Turn`. Raises `AgentError`."""
        sampler = replace(self._sampler, seed=turn_seed(view.seed, view.turn))
        stream = self._client.answer(
            view.episode,
            _messages(view.messages),
            _form(view),
            sampler,
            propensities=view.want_propensities,
            constrained=self._constrained,
            weights=self._weights,
            truncation=view.truncation,
        )
        with _as_agent_error():
            async with contextlib.aclosing(stream):
                async for item in stream:
                    if isinstance(item, Piece):
                        yield Token(part=_PART[item.part], text=item.text)
                    else:
                        turn = self._turn(view, sampler, item)
                        if turn.propensities is not None and view.thoughts > 1:
                            more = await asyncio.gather(*(self._thought(view, i) for i in range(1, view.thoughts)))
                            turn = replace(turn, propensities=averaged([turn.propensities, *more]))
                        yield turn

    def _turn(self, view: View, sampler: Sampler, answer: Answered) -> Turn:
        if answer.choice < 0:
            raise AgentError("invalid", f"the model wrote no legal move: {answer.text[:200]!r}")
        return Turn(
            move=answer.choice,
            thought=answer.lead,
            free=answer.free,
            text=answer.text,
            reasoning=answer.reasoning,
            seed=sampler.seed,
            sampler=asdict(sampler),
            token_ids=answer.token_ids,
            counts=Counts(
                prompt=answer.prompt_tokens - answer.cached_tokens,
                cached=answer.cached_tokens,
                generated=answer.generated_tokens,
            ),
            seconds=answer.seconds,
            propensities=None if answer.scores is None else _propensities(view, answer.scores),
            dropped=answer.dropped,
        )

    async def ask(self, view: View, question: Question) -> Reply:
        """Answer an interview question in a fork of the conversation. Raises `AgentError`."""
        ids = tuple(question.answers)
        messages = (*_messages(view.messages), Message("user", question_text(question)))
        options = tuple(Option(i) for i in ids or ("end",))
        form = Form(options, lead="SAY", pick="ANSWER", lead_limit=240 if ids else LONGEST_SAY)
        what = f"ask {question.id or question.ask}"
        seed = turn_seed(view.seed, view.turn, what)
        answer, scores = await self._aside(view, what, messages, form, seed, scores_only=not ids, hear=question.hear)
        if not ids:
            return Reply("", answer.lead, {})
        return Reply(ids[answer.choice], answer.lead, dict(zip(ids, scores.p_play, strict=True)))

    async def propensities(self, view: View) -> Propensities:
        """The probabilities of the legal moves at this decision, behind the thought that `act` would write.

        Raises `AgentError`.
        """
        seed = turn_seed(view.seed, view.turn)
        _, scores = await self._aside(view, "probe", _messages(view.messages), _form(view), seed)
        return _propensities(view, scores)

    async def _thought(self, view: View, number: int) -> Propensities:
        """The same behind another sampled thought; the episode itself never hears of it."""
        what = f"thought {number}"
        seed = turn_seed(view.seed, view.turn, what)
        _, scores = await self._aside(view, what, _messages(view.messages), _form(view), seed, scores_only=True)
        return _propensities(view, scores)

    async def _aside(
        self,
        view: View,
        what: str,
        messages: tuple[Message, ...],
        form: Form,
        seed: int,
        *,
        scores_only: bool = False,
        hear: Callable[[str], None] | None = None,
    ) -> tuple[Answered, Scores]:
        """A whole answer in a sequence of its own, which begins as the episode's does; `hear` gets its first line."""
        sequence = f"{view.episode} / {view.turn} {what}"
        with _as_agent_error():
            try:
                stream = self._client.answer(
                    sequence,
                    messages,
                    form,
                    replace(self._sampler, seed=seed),
                    propensities=True,
                    weights=self._weights,
                    scores_only=scores_only,
                    truncation=view.truncation,
                )
                async with contextlib.aclosing(stream):
                    async for item in stream:
                        if hear is not None and isinstance(item, Piece) and item.part == "lead":
                            hear(item.text)
                        if isinstance(item, Answered) and item.scores is not None:
                            return item, item.scores
            finally:
                self._client.forget(sequence)
        raise AgentError("crashed", "the engine gave no answer")

    def end(self, episode: str) -> None:
        """The episode is over: its cache may go."""
        self._client.forget(episode)

    async def store(self, episode: str, path: Path, *, force: bool = False) -> Stored:
        """Write what was evaluated of an episode beside its save, where that is worth it (`engine/state.py`).

        What goes wrong is no harm: then there is none.
        """
        try:
            return await self._client.store(episode, path, self.sha256, weights=self._weights, force=force)
        except (EngineError, OSError):
            return Stored(0, 0)

    async def restore(self, episode: str, path: Path) -> Stored:
        """Begin an episode with what `store` wrote, if the file is that; else it is evaluated again."""
        try:
            return await self._client.restore(episode, path, self.sha256, weights=self._weights)
        except (EngineError, OSError):
            return Stored(0, 0)


def _messages(messages: tuple[ChatMessage, ...]) -> tuple[Message, ...]:
    return tuple(Message(m.role, m.content) for m in messages)


def _form(view: View) -> Form:
    return Form(options=tuple(Option(m.text, tuple(FreeText(f.name, f.limit) for f in m.free)) for m in view.moves))


def _propensities(view: View, scores: Scores) -> Propensities:
    return Propensities(
        moves=[m.text for m in view.moves],
        p_play=list(scores.p_play),
        p_model=list(scores.p_model),
        off_menu=scores.off_menu,
    )


def averaged(found: Sequence[Propensities]) -> Propensities:
    """The mean over several thoughts of one decision, with the standard error of each `p_play`.

    Thoughts are drawn as play draws them, so the mean estimates the chance of a move before
    any thought is known, without bias.
    """
    n = len(found)
    play = np.array([p.p_play for p in found])
    error = play.std(axis=0, ddof=1) / math.sqrt(n) if n > 1 else np.zeros(play.shape[1])
    off = [p.off_menu for p in found if p.off_menu is not None]
    return Propensities(
        moves=found[0].moves,
        p_play=play.mean(axis=0).tolist(),
        p_model=np.array([p.p_model for p in found]).mean(axis=0).tolist(),
        off_menu=sum(off) / len(off) if off else None,
        thoughts=n,
        se_play=error.tolist(),
    )


@contextlib.contextmanager
def _as_agent_error() -> Iterator[None]:
    try:
        yield
    except EngineError as e:
        raise AgentError(_STATUS.get(e.kind, "crashed"), e.says) from e
