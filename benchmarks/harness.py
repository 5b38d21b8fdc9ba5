"""The same episodes through parkbench's engine and through Inspect over a llama.cpp server, in one run.

    python benchmarks/harness.py models/egg.gguf [--llama-server path/to/llama-server] [--llama-cpp-server]

Needs `inspect-ai` and `openai` beside parkbench, and for the second server `llama-cpp-python[server]`.
`llama-server` comes from the llama.cpp sources inside llama-cpp-python's source archive (cmake
-DLLAMA_CURL=OFF, target llama-server), so that all of them compute with the same code.

Everybody plays the same scenario by the same rules: the table, its worlds and its menus are ours in every
row, only who answers differs. The servers constrain each answer by a grammar of their own (GBNF) that allows
what our forms allow. Loading is not counted; one episode is played before the clock starts.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from game.agents.chair import find_model, open_agent
from game.agents.llama import _form, turn_seed
from game.engine.forms import parse
from game.engine.protocol import Form
from game.events import AgentTurn, Counts, EpisodeEnd, Event, Header, Token
from game.journal.write import Journal
from game.lab.run import record
from game.lab.turn import a_table
from game.settings import EngineSettings
from game.table.protocol import Agent, AgentError, Turn, View

TEMPERATURE, MIN_P = 0.6, 0.05
MOST = 400
"""Tokens of an answer, for a server; a form ends sooner."""


class Until:
    """An agent that gets up after so many turns."""

    def __init__(self, inner: Agent, turns: int) -> None:
        self._inner, self._turns = inner, turns
        self.name, self.sha256 = inner.name, ""

    async def act(self, view: View) -> AsyncIterator[Token | Turn]:
        if view.turn > self._turns:
            raise AgentError("truncated", "enough turns")
        async for item in self._inner.act(view):
            yield item

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


@dataclass
class Tally:
    """What was played, and in how many seconds."""

    what: str
    seconds: float = 0.0
    episodes: int = 0
    turns: int = 0
    tokens: int = 0
    prompt: int = 0
    bad: int = 0

    def count(self, events: list[Event]) -> None:
        self.episodes += 1
        for event in events:
            if isinstance(event, AgentTurn):
                self.turns += 1
                self.tokens += event.counts.generated
                self.prompt += event.counts.prompt
            elif isinstance(event, EpisodeEnd) and event.status in ("invalid", "crashed"):
                self.bad += 1

    @property
    def turns_a_minute(self) -> float:
        return 60 * self.turns / self.seconds if self.seconds else 0.0

    def row(self) -> dict[str, Any]:
        return {
            "what": self.what,
            "episodes": self.episodes,
            "seconds": round(self.seconds, 2),
            "episodes_a_minute": round(60 * self.episodes / self.seconds, 1),
            "turns": self.turns,
            "turns_a_minute": round(self.turns_a_minute, 1),
            "tokens_a_turn": round(self.tokens / max(1, self.turns), 1),
            "prompt_tokens_evaluated": self.prompt,
            "bad": self.bad,
        }


def gbnf(form: Form) -> str:
    """What a form allows, as llama.cpp's own grammar language says it."""
    char = r"[^\"\\\x00-\x1F\x7F-\x9F]"
    lines = [f'root ::= "{form.lead}: " lead "\\n{form.pick}: " pick']
    lines.append(rf"lead ::= [^\x00-\x20\x7F-\x9F] [^\x00-\x1F\x7F-\x9F]{{0,{form.lead_limit - 1}}}")
    picks = []
    for option in form.options:
        parts = [_literal(option.text)]
        for free in option.free:
            parts += [_literal(f' {free.name}="'), f"{char}{{1,{free.limit}}}", _literal('"')]
        picks.append(" ".join(parts))
    return "\n".join([*lines, "pick ::= " + " | ".join(picks)])


def _literal(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


class Served:
    """The agent's chair, with Inspect's model in it."""

    sha256 = ""
    name = "served"

    def __init__(self, model: Any) -> None:
        self._model = model

    async def act(self, view: View) -> AsyncIterator[Token | Turn]:
        from inspect_ai.model import ChatMessageAssistant, ChatMessageSystem, ChatMessageUser, GenerateConfig

        kinds = {"system": ChatMessageSystem, "user": ChatMessageUser, "assistant": ChatMessageAssistant}
        form = _form(view)
        config = GenerateConfig(
            temperature=TEMPERATURE,
            max_tokens=MOST,
            seed=turn_seed(view.seed, view.turn) % 2**31,
            extra_body={"grammar": gbnf(form), "min_p": MIN_P, "top_k": 0, "top_p": 1.0, "cache_prompt": True},
        )
        out = await self._model.generate([kinds[m.role](content=m.content) for m in view.messages], config=config)
        choice, lead, free = parse(out.completion, form)
        if choice < 0:
            raise AgentError("invalid", f"no legal move: {out.completion[:200]!r}")
        used = out.usage
        counts = Counts(prompt=used.input_tokens if used else 0, cached=0, generated=used.output_tokens if used else 0)
        yield Turn(move=choice, thought=lead, free=free, text=out.completion, counts=counts)

    def end(self, episode: str) -> None:
        pass


async def ours(model: Path, a: argparse.Namespace, *, propensities: bool) -> Tally:
    """parkbench: the episodes side by side on its engine, into a journal on the disk."""
    tally = Tally("parkbench" + (", with propensities" if propensities else ""))
    ref, settings = find_model(str(model)), EngineSettings(threads=a.threads)
    async with open_agent(ref, sequences=a.sequences, engine=settings, temperature=TEMPERATURE) as chair:
        agent = Until(chair.agent, a.turns)
        await record(a_table(Until(chair.agent, 1), 999, scenario=a.scenario))
        seeds = iter(range(a.episodes))
        header = Header(kind="run", program="harness", created="", command=[], settings={}, identities={})
        with tempfile.TemporaryDirectory() as folder:
            journal = Journal.create(Path(folder) / "run.jsonl", header)

            async def worker() -> None:
                for seed in seeds:
                    events = await record(a_table(agent, seed, propensities, a.scenario))
                    journal.append(events, sync=True)
                    tally.count(events)

            began = time.perf_counter()
            await asyncio.gather(*(worker() for _ in range(a.sequences)))
            tally.seconds = time.perf_counter() - began
            journal.close()
    return tally


def inspected(what: str, url: str, a: argparse.Namespace, connections: int) -> Tally:
    """Inspect: as many samples side by side, over a server's address, into its own log."""
    from inspect_ai import Task, eval
    from inspect_ai.dataset import Sample
    from inspect_ai.model import get_model
    from inspect_ai.solver import Generate, Solver, TaskState, solver

    tally = Tally(what)

    @solver
    def plays(turns: int, count: bool) -> Solver:
        async def solve(state: TaskState, generate: Generate) -> TaskState:
            seed = int(state.sample_id)
            events = await record(a_table(Until(Served(get_model()), turns), seed, scenario=a.scenario))
            if count:
                tally.count(events)
            return state

        return solve

    def go(samples: range, turns: int, count: bool) -> None:
        with tempfile.TemporaryDirectory() as folder:
            task = Task(dataset=[Sample(input="play", id=str(i)) for i in samples], solver=plays(turns, count))
            eval(
                task,
                model="llama-cpp-python/model",
                model_base_url=url,
                max_connections=connections,
                max_samples=a.sequences,
                display="none",
                log_dir=folder,
            )

    go(range(999, 1000), 1, False)
    began = time.perf_counter()
    go(range(a.episodes), a.turns, True)
    tally.seconds = time.perf_counter() - began
    return tally


@contextlib.contextmanager
def server(args: list[str], health: str) -> Iterator[str]:
    """A server process on a free port ({port} in `args`); its address of the OpenAI kind."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    process = subprocess.Popen(
        [x.replace("{port}", str(port)) for x in args], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        for _ in range(600):
            with contextlib.suppress(OSError):
                urllib.request.urlopen(f"http://127.0.0.1:{port}{health}", timeout=2).read()
                break
            if process.poll() is not None:
                sys.exit(f"{args[0]} ended with {process.returncode}")
            time.sleep(0.2)
        else:
            sys.exit(f"{args[0]} did not answer")
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        process.terminate()
        process.wait()


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("model", type=Path)
    p.add_argument("--scenario", default="sandwich")
    p.add_argument("--episodes", type=int, default=32)
    p.add_argument("--sequences", type=int, default=16)
    p.add_argument("--turns", type=int, default=8, help="at most so many an episode")
    p.add_argument("--context", type=int, default=2048, help="tokens a sequence, for the servers")
    p.add_argument("--threads", type=int, default=2)
    p.add_argument("--llama-server", type=Path)
    p.add_argument("--llama-cpp-server", action="store_true")
    p.add_argument("--json", type=Path)
    a = p.parse_args()
    rows = [asyncio.run(ours(a.model, a, propensities=False)), asyncio.run(ours(a.model, a, propensities=True))]
    if a.llama_server:
        args = [
            str(a.llama_server), "-m", str(a.model), "--port", "{port}", "--host", "127.0.0.1", "--jinja",
            "-np", str(a.sequences), "-c", str(a.context * a.sequences), "-t", str(a.threads), "-tb", str(a.threads),
            "-fa", "off", "-ngl", "0", "--no-webui",
        ]  # fmt: skip
        with server(args, "/health") as url:
            rows.append(inspected("Inspect, llama-server", url, a, a.sequences))
    if a.llama_cpp_server:
        args = [
            sys.executable, "-m", "llama_cpp.server", "--model", str(a.model), "--port", "{port}",
            "--host", "127.0.0.1", "--n_ctx", str(a.context),
            "--n_threads", str(a.threads), "--n_threads_batch", str(a.threads),
        ]  # fmt: skip
        with server(args, "/v1/models") as url:
            rows.append(inspected("Inspect, llama_cpp.server", url, a, a.sequences))
    first = rows[0]
    print(f"{a.model.name}: {a.scenario}, {a.episodes} episodes, {a.sequences} side by side, {a.threads} threads")
    for t in rows:
        r = t.row()
        print(
            f"{t.what:28} {r['turns_a_minute']:8.1f} turns/min {r['episodes_a_minute']:7.1f} episodes/min "
            f"{r['turns']:5} turns {r['tokens_a_turn']:5.1f} tokens each, {r['bad']} bad; "
            f"parkbench is {first.turns_a_minute / max(t.turns_a_minute, 1e-9):.2f} times as fast"
        )
    if a.json:
        a.json.write_text(json.dumps([t.row() for t in rows], indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
