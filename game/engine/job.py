"""One answer in the making: a generator that asks for tokens to be evaluated and gets logits back.

The scheduler runs many of these side by side. A job yields the tokens it wants evaluated next
behind what its slot holds, and is sent the logits behind the last of them; it yields None to let
others have a step. It never touches the context itself.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from game.engine import forms
from game.engine.cache import Slot
from game.engine.errors import Refusal
from game.engine.grammar import Grammars, Matcher
from game.engine.meter import Meter
from game.engine.protocol import Answer, Answered, Scores
from game.engine.sampling import Draws, tempered
from game.engine.templates import Chat, Prompt
from game.engine.tokens import Detokenizer
from game.engine.tree import Scored, Tree, Wave

Logits = NDArray[np.float32]
Steps = Generator[list[int] | None, Logits, Answered]
"""Yields tokens or None, is sent logits [vocabulary] (empty behind a None), returns the answer."""
Part = Literal["reasoning", "lead", "pick", "free"]
Emit = Callable[[int, Part, str], None]
THINK_BUDGET = 384
"""The most tokens that a model may think before its form, where its template makes it think."""
_MEMORY = 64
"""Tokens that the repetition penalty looks back."""


class Host(Protocol):
    """What a job needs of the worker around it."""

    chat: Chat
    grammars: Grammars
    meter: Meter
    context: int

    def piece(self, token: int) -> bytes: ...
    def after(self, anchor: str, text: str, special: bool = False) -> list[int]: ...
    def ends_turn(self, token: int) -> bool: ...
    def save(self, slot: Slot) -> None: ...
    def waves(self, tree: Tree) -> list[Wave]: ...
    def evaluate(self, slot: Slot, tree: Tree, wave: Wave) -> Logits: ...


class Job:
    """The state of one request. Built at its arrival; raises `Refusal` where it can't be answered."""

    def __init__(self, host: Host, request: Answer, plan: forms.Plan, emit: Emit) -> None:
        self.host, self.request, self.plan, self._emit = host, request, plan, emit
        self.prompt: Prompt = host.chat.prompt(request.messages, plan.opening if request.constrained else "")
        if len(self.prompt.tokens) >= host.context:
            raise Refusal(
                "truncated",
                f"the conversation has {len(self.prompt.tokens):,} tokens and the model's context is {host.context:,}",
            )
        self.draws = Draws(request.sampler)
        self.slot: Slot | None = None
        self.steps: Steps | None = None
        self.feed: list[int] = []
        """What is still to be evaluated."""
        self.prefilling = True
        self.ends: list[int] = []
        """Lengths of the prompt at which the state is saved, ascending (recurrent memory only)."""
        self._budget = request.max_tokens
        self._written: list[int] = []
        self._cached = 0
        self._began = 0.0
        self.matcher: Matcher | None = None
        """Of the free text that is being written: it masks the next token."""

    def start(self, slot: Slot, ends: list[int]) -> None:
        """The slot holds a prefix of the prompt: go on from there, and save the state at `ends`."""
        self.slot, self.ends = slot, ends
        self._began = time.perf_counter()
        self._cached = len(slot.tokens)
        self.steps = self._run()
        self.feed = list(next(self.steps) or ())

    # --- the parts of an answer ---------------------------------------------------------------

    def _run(self) -> Steps:
        assert self.slot is not None
        at = self._cached
        for end in self.ends:
            yield self.prompt.tokens[at:end]
            self.host.save(self.slot)
            at = end
        logits = yield self.prompt.tokens[at:]
        self.prefilling = False
        if not self.request.constrained:
            return (yield from self._unconstrained(logits))
        reasoning = ""
        if self.prompt.think:
            reasoning, logits = yield from self._think(logits, self.plan.opening)
        lead, pending = yield from self._lead(logits)
        logits = yield pending + self._write(self.plan.pick)
        scores: Scored | None = None
        if self.request.propensities:
            scores = yield from self._score(logits)
            if self.request.scores_only:
                return self._answered(-1, lead, {}, f"{self.plan.form.lead}: {lead}", reasoning, scores.scores())
        choice, free = yield from self._choose(logits, scores)
        option = self.plan.form.options[choice]
        form = self.plan.form
        text = f"{form.lead}: {lead}\n{form.pick}: {forms.line(option, free)}"
        return self._answered(choice, lead, free, text, reasoning, scores.scores() if scores else None)

    def _answered(
        self, choice: int, lead: str, free: dict[str, str], text: str, reasoning: str, scores: Scores | None
    ) -> Answered:
        return Answered(
            id=self.request.id,
            choice=choice,
            lead=lead,
            free=free,
            text=text,
            reasoning=reasoning,
            token_ids=tuple(self._written),
            prompt_tokens=len(self.prompt.tokens),
            cached_tokens=self._cached,
            generated_tokens=len(self._written),
            seconds=time.perf_counter() - self._began,
            scores=scores,
        )

    def _write(self, tokens: list[int]) -> list[int]:
        self._written += tokens
        return tokens

    def _draw(self, logits: Logits, matcher: Matcher | None) -> int:
        """A token that the matcher allows, and has taken."""
        meter, began = self.host.meter, time.perf_counter()
        allowed = None if matcher is None else matcher.allowed()
        masked = time.perf_counter()
        token = self.draws.token(logits, allowed, self._written[-_MEMORY:])
        drawn = time.perf_counter()
        if matcher is not None:
            matcher.take([token])
        meter.samples += drawn - masked
        meter.masks += time.perf_counter() - drawn + masked - began
        return token

    def _spent(self) -> bool:
        return len(self._written) >= self._budget

    def _say(self, part: Part, text: str) -> None:
        if text:
            self._emit(self.request.id, part, text)

    def _think(self, logits: Logits, opening: str) -> Generator[list[int], Logits, tuple[str, Logits]]:
        """Free thoughts up to the closing marker or the budget; then the form's opening."""
        marker = self.prompt.think
        closing = self.host.after("\n", marker, True)
        detok, text, shown = Detokenizer(), "", 0
        closed = False
        for _ in range(min(THINK_BUDGET, self.request.max_tokens)):
            token = self._draw(logits, None)
            if self.host.ends_turn(token):
                break
            self._write([token])
            if closing == [token]:
                closed = True
                logits = yield [token]
                break
            text += detok.feed(self.host.piece(token))
            at = text.find(marker)
            logits = yield [token]
            if at >= 0:
                text, closed = text[:at], True
                break
            ready = len(text) - _overlap(text, marker)
            self._say("reasoning", text[shown:ready])
            shown = max(shown, ready)
        self._say("reasoning", text[shown:])
        rest = ([] if closed else closing) + self.host.after(marker, f"\n\n{opening}", True)
        logits = yield self._write(rest)
        # The form has its own budget of tokens, whatever the thoughts took.
        self._budget += len(self._written)
        return text.strip(), logits

    def _lead(self, logits: Logits) -> Generator[list[int], Logits, tuple[str, list[int]]]:
        """The free line. Returns it, and its last tokens, which are not evaluated yet."""
        matcher = self.matcher = self.host.grammars.lead(self.plan.form.lead_limit)
        detok, text, shown = Detokenizer(), "", 0
        while True:
            if self._spent() and not detok.pending and text.strip():
                pending = self._write(self.host.after("x", "\n"))
                text += "\n"
            else:
                token = self._draw(logits, matcher)
                pending = self._write([token])
                text += detok.feed(self.host.piece(token))
            ready = text[1:].rstrip("\n")
            self._say("lead", ready[shown:])
            shown = len(ready)
            if matcher.done or text.endswith("\n"):
                self.matcher = None
                return ready.strip(), pending
            logits = yield pending

    def _score(self, logits: Logits) -> Generator[None, Logits, Scored]:
        """Evaluate the tree of the options. The slot itself is left as it is."""
        slot, tree = self.slot, self.plan.tree
        assert slot is not None
        if len(slot.tokens) + tree.depth >= self.host.context:
            raise Refusal("truncated", f"the options do not fit into the context of {self.host.context:,}")
        scored = Scored(tree, self.request.sampler.temperature)
        scored.put(0, logits)
        for wave in self.host.waves(tree):
            rows = self.host.evaluate(slot, tree, wave)
            for (node, _lanes), row in zip(wave.nodes, rows, strict=True):
                scored.put(node, row)
            yield None
        return scored

    def _choose(
        self, logits: Logits, scored: Scored | None
    ) -> Generator[list[int], Logits, tuple[int, dict[str, str]]]:
        """Walk down the tree; then the free texts of the option that it ended at."""
        tree = self.plan.tree
        detok, pending, at, text = Detokenizer(), list[int](), 0, ""
        while tree.nodes[at].option < 0:
            children = list(tree.nodes[at].children.items())
            i = 0
            if len(children) > 1:
                if scored is not None:
                    p = scored.steps(at)
                else:
                    if pending:
                        logits = yield pending
                        pending = []
                    p = tempered(logits[[token for token, _ in children]], self.request.sampler.temperature)
                i = self.draws.pick(p)
            token, at = children[i]
            self._write([token])
            pending.append(token)
            if tree.nodes[at].option < 0 or self.plan.form.options[tree.nodes[at].option].free:
                new = detok.feed(self.host.piece(token))
                text += new
                self._say("pick", new if text != new else new.removeprefix(" "))
        choice = tree.nodes[at].option
        option = self.plan.form.options[choice]
        if not option.free:
            return choice, {}
        logits = yield pending
        values = yield from self._free(choice, logits)
        return choice, {f.name: value for f, value in zip(option.free, values, strict=True)}

    def _free(self, choice: int, logits: Logits) -> Generator[list[int], Logits, list[str]]:
        """All free texts of an option, from behind the first opening quote to the last closing one."""
        texts = self.plan.form.options[choice].free
        matcher = self.matcher = self.host.grammars.free(texts)
        detok, values = Detokenizer(), [""]
        inside, stretch = True, ""
        while True:
            if self._spent() and not detok.pending:
                self._write(self.host.after("x", '"'))
                self._say("pick", '"' if inside else "")
                return values + [""] * (len(texts) - len(values))
            pending = [] if inside else matcher.forced()
            if not pending:
                pending = [self._draw(logits, matcher)]
            else:
                matcher.take(pending)
            self._write(pending)
            for token in pending:
                for piece in _quotes(detok.feed(self.host.piece(token))):
                    if inside and piece != '"':
                        values[-1] += piece
                        self._say("free", piece)
                        continue
                    self._say("pick", piece)
                    stretch += piece
                    # Outside, ` name="` opens the next text; inside, a quote closes this one.
                    if piece == '"':
                        if not inside:
                            values.append("")
                        inside, stretch = not inside, ""
            if matcher.done:
                return values
            logits = yield pending

    def _unconstrained(self, logits: Logits) -> Steps:
        """Whatever the model writes up to its end of turn or `max_tokens`, read back afterwards."""
        form = self.plan.form
        detok, text, reasoning = Detokenizer(), "", ""
        thinking = self.prompt.think
        closing = self.host.after("\n", thinking, True) if thinking else []
        budget = self.request.max_tokens + (THINK_BUDGET if thinking else 0)
        while len(self._written) < budget:
            token = self._draw(logits, None)
            self._write([token])
            if self.host.ends_turn(token):
                break
            new = detok.feed(self.host.piece(token))
            if thinking:
                reasoning += new
                self._say("reasoning", new)
                if closing == [token] or thinking in reasoning:
                    reasoning, _, text = reasoning.partition(thinking)
                    thinking = ""
            else:
                before = "\n" in text.lstrip()
                text += new
                self._say("pick" if before else "lead", new)
            logits = yield [token]
        text += detok.flush()
        choice, lead, free = forms.parse(text, form)
        return self._answered(choice, lead, free, text.strip(), reasoning.strip(), None)


def _overlap(text: str, marker: str) -> int:
    """How many characters at the end of `text` could be the beginning of `marker`."""
    return next((n for n in range(min(len(marker), len(text)), 0, -1) if text.endswith(marker[:n])), 0)


def _quotes(text: str) -> list[str]:
    """`text` cut so that each quote is a piece of its own."""
    out: list[str] = []
    for i, part in enumerate(text.split('"')):
        if i:
            out.append('"')
        if part:
            out.append(part)
    return out
