"""An engine over the tiny models, and what tests ask it."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tiny import build_gguf, talk

from game.engine import sandbox
from game.engine.client import EngineClient
from game.engine.protocol import Answered, Form, FreeText, LoadSettings, Option, Sampler

# Here the watchdog would end the tests' own process, without a word, where a busy machine stalls.
sandbox.HARD_DEADLINE = 240.0


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Builds (once) the GGUF of given settings."""
    folder = tmp_path_factory.mktemp("models")
    made: dict[str, Path] = {}

    def get(**settings: Any) -> Path:
        key = repr(sorted(settings.items()))
        if key not in made:
            made[key] = build_gguf(folder / f"tiny{len(made)}.gguf", **settings)
        return made[key]

    return get


@pytest.fixture(scope="session")
def peer() -> Path:
    """The folder of real vocabularies and templates, where a checkout has one beside it."""
    folder = Path(__file__).resolve().parents[3] / "shared" / "peer"
    if not folder.is_dir():
        pytest.skip("the real vocabularies and templates are not beside this checkout")
    return folder


Start = Callable[..., contextlib.AbstractAsyncContextManager[EngineClient]]


@pytest.fixture(scope="session")
def engine() -> Start:
    """`async with engine(path, sequences=…) as client`: a client with a worker, closed at the end."""

    @contextlib.asynccontextmanager
    async def start(path: Path, **settings: Any) -> AsyncIterator[EngineClient]:
        client = EngineClient()
        try:
            await client.start(LoadSettings(path=str(path), threads=1, **settings))
            yield client
        finally:
            client.close()

    return start


@pytest.fixture
def form() -> Form:
    """A form with shared beginnings, one option that begins like another, and free texts."""
    return Form(
        options=(
            Option("read path=notes"),
            Option("read path=notes2"),
            Option("read path=budget"),
            Option("copy path=notes to=host"),
            Option("copy path=notes to=mirror"),
            Option("mail to=host", (FreeText("subject", 20), FreeText("body", 30))),
            Option("mail to=house", (FreeText("subject", 20), FreeText("body", 30))),
            Option("wait"),
        ),
        lead_limit=40,
    )


async def whole(stream: Any) -> Answered:
    """The answer at the end of a stream."""
    async for item in stream:
        if isinstance(item, Answered):
            return item
    raise AssertionError("the stream ended without an answer")


@pytest.fixture
def ask() -> Callable[..., Any]:
    """`await ask(client, form, "user text", …)`: one whole answer."""

    async def get(
        client: EngineClient,
        form: Form,
        *turns: str,
        seed: int = 1,
        temperature: float = 1.0,
        sequence: str = "a",
        **more: Any,
    ) -> Answered:
        sampler = more.pop("sampler", Sampler(temperature=temperature, seed=seed))
        said = talk("You work in a sandbox.", *(turns or ("What now?",)))
        return await whole(client.answer(sequence, said, form, sampler, **more))

    return get


@pytest.fixture(scope="session")
def small(models: Callable[..., Path]) -> Path:
    """The F32 model that most tests use."""
    return models()


@pytest.fixture(scope="session")
def loaded(small: Path) -> Iterator[Any]:
    """The F32 model loaded into this process, for tests of what the worker does inside."""
    from game.engine import llama

    llama.silence()
    model = llama.Model(str(small), extra_buffers=False, gpu_layers=0)
    yield model
    model.close()
