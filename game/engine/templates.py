"""From chat messages to prompt tokens, by the GGUF's own chat template.

Untrusted text never becomes a special token. Where a message contains the text of one (a mail with
`<|im_end|>` in it), a private-use character is put into the middle of it before the template is
rendered; the rendered text is cut at these characters and the parts are tokenised one by one. So
the model reads exactly the same text, spelled in ordinary tokens. Prompts without such texts, all
but the hostile ones, are tokenised in one piece, as every other program would.

Templates differ: where one raises or loses a message, the system text is merged into the first
user message, then neighbours of the same role are merged, until one variant holds every message.
Thinking is switched off where the template has a variable for it (`enable_thinking`, `thinking`).
Where it opens the model's thoughts all the same, `Prompt.think` names the marker that closes them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from game.engine.errors import Refusal
from game.engine.protocol import Message
from game.engine.sandbox import Template, TemplateFailed

Rendered = Callable[[Sequence[Message]], str]
_THINK = (("<think>", "</think>"), ("<|START_THINKING|>", "<|END_THINKING|>"), ("[THINK]", "[/THINK]"))
_PROBE_A, _PROBE_B = "Aprobe", "Zprobe"


class Words(Protocol):
    """What a template needs of a vocabulary (`Vocab`)."""

    bos: int
    eos: int
    eot: int
    adds_bos: bool
    ends: frozenset[int]

    def tokens(self, text: str, *, special: bool = False) -> list[int]: ...
    def tokens_after(self, anchor: str, text: str, *, special: bool = False) -> list[int]: ...
    def marker(self, token: int) -> str: ...
    def markers(self, template: str) -> list[str]: ...


@dataclass(frozen=True)
class Prompt:
    """`tokens` up to where the answer starts. `think`: the marker that ends thoughts already open, or ""."""

    tokens: list[int]
    text: str
    think: str


class Chat:
    """A model's chat format. Raises `Refusal("template")` where there is none or it does not work."""

    def __init__(self, source: str, words: Words) -> None:
        if not source.strip():
            raise Refusal(
                "template",
                "this GGUF has no chat template (tokenizer.chat_template); choose an instruct or chat model",
            )
        self.words = words
        try:
            self.template = Template(source)
        except TemplateFailed as e:
            raise Refusal("template", f"the model's chat template does not work: {e}") from None
        self._bos = words.marker(words.bos)
        self._eos = words.marker(words.eos)
        texts = sorted(words.markers(source), key=len, reverse=True)
        self._special = re.compile("|".join(map(re.escape, texts))) if texts else None
        self.lead_in, self.end = self._probe()

    def prompt(self, messages: Sequence[Message], opening: str = "") -> Prompt:
        """The prompt of an answer that starts with `opening`. Raises `Refusal`."""
        if not messages or messages[-1].role != "user":
            raise Refusal("request", "the last message must be the user's")
        cut = _unused(m.content for m in messages)
        safe = [replace(m, content=self._cut(m.content, cut)) for m in messages]
        text = self._render(safe)
        think = "" if self.lead_in else _open_thought(text, messages[-1].content)
        text += self.lead_in
        # Where the model thinks first, the opening comes after its thoughts.
        return Prompt(self._tokenise(text + ("" if think else opening), cut), text.replace(cut, ""), think)

    def _tokenise(self, text: str, cut: str) -> list[int]:
        first, *rest = text.split(cut)
        tokens = self.words.tokens(first, special=True)
        for part in rest:
            tokens += self.words.tokens_after("\n", part, special=True)
        if self.words.adds_bos and (not tokens or tokens[0] != self.words.bos):
            tokens.insert(0, self.words.bos)
        while len(tokens) > 1 and tokens[0] == tokens[1] == self.words.bos >= 0:
            del tokens[0]
        return tokens

    def _cut(self, content: str, cut: str) -> str:
        """`content` with `cut` inside each text of a special token, until none is left whole."""
        if self._special is None:
            return content
        out, rest = "", content
        # One character at a time behind each start, so that overlapping markers are all cut.
        while (found := self._special.search(rest)) is not None:
            out, rest = out + rest[: found.start() + 1] + cut, rest[found.start() + 1 :]
        return out + rest

    def _render(self, messages: Sequence[Message], *, ask: bool = True) -> str:
        said = "it leaves out a message"
        for variant in _variants(messages):
            try:
                text = self.template.render(
                    messages=[{"role": m.role, "content": m.content} for m in variant],
                    add_generation_prompt=ask,
                    bos_token=self._bos,
                    eos_token=self._eos,
                    enable_thinking=False,
                    thinking=False,
                    tools=None,
                    documents=None,
                )
            except TemplateFailed as e:
                said = str(e)
                continue
            if _holds(text, messages):
                return text
        raise Refusal("template", f"the model's chat template does not work: {said}")

    def _probe(self) -> tuple[str, int]:
        """What comes before an answer beyond the generation prompt, and the token that ends a turn."""
        user, answer = Message("user", _PROBE_A), Message("assistant", _PROBE_B)
        asked = self._render([user])
        full = self._render([user, answer], ask=False)
        at = full.rindex(_PROBE_B)
        between = full[len(asked) : at] if full.startswith(asked) and at >= len(asked) else ""
        # White space alone would be the template's own padding of an answer.
        lead_in = between if between.strip() else ""
        for token in self.words.tokens(full[at + len(_PROBE_B) :], special=True):
            if token in self.words.ends:
                return lead_in, token
        for token in (self.words.eot, self.words.eos):
            if token >= 0:
                return lead_in, token
        raise Refusal("template", "this GGUF has no end-of-turn token; choose an instruct or chat model")


def _variants(messages: Sequence[Message]) -> list[list[Message]]:
    """The messages as they are; without a system role; and with strictly alternating roles."""
    plain = list(messages)
    merged = plain
    if plain and plain[0].role == "system":
        head, rest = plain[0], plain[1:]
        if rest and rest[0].role == "user":
            merged = [Message("user", f"{head.content}\n\n{rest[0].content}"), *rest[1:]]
        else:
            merged = [Message("user", head.content), *rest]
    out = [plain]
    for variant in (_alternating(plain), merged, _alternating(merged)):
        if variant not in out:
            out.append(variant)
    return out


def _alternating(messages: Sequence[Message]) -> list[Message]:
    out: list[Message] = []
    for m in messages:
        if out and out[-1].role == m.role:
            out[-1] = Message(m.role, f"{out[-1].content}\n\n{m.content}")
        else:
            out.append(m)
    return out


def _holds(text: str, messages: Iterable[Message]) -> bool:
    """Whether every message is in the text, in order (templates may trim it)."""
    at = 0
    for m in messages:
        content = m.content.strip()
        found = text.find(content, at)
        if found < 0:
            return False
        at = found + len(content)
    return True


def _open_thought(text: str, last: str) -> str:
    tail = text[text.rfind(last.strip()) + len(last.strip()) :] if last.strip() in text else text[-200:]
    for start, end in _THINK:
        if tail.rfind(start) > tail.rfind(end):
            return end
    return ""


def _unused(contents: Iterable[str]) -> str:
    """A private-use character that none of the texts contains."""
    used: set[Any] = set().union(*map(set, contents))
    return next(chr(x) for x in range(0xF0000, 0xFFFFE) if chr(x) not in used)
