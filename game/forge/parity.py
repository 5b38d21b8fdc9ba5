"""Parity: does llama.cpp read an export as PyTorch computes it, text to tokens and tokens to logits?

The engine is the only part of the program that imports `llama_cpp`, and that in a child process;
this check is such a child: `python -m game.forge.parity MODEL.gguf` reads JSON requests, one a
line, and writes JSON answers. `compare` starts it.
"""

from __future__ import annotations

import ctypes
import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer

from game.forge.model import Llama


@dataclass(frozen=True)
class Parity:
    """Agreement over some texts. `top1` and `divergence` are over all positions of all texts."""

    texts: int
    same_tokens: int
    largest_difference: float
    """Largest absolute difference of a logit."""
    top1: float
    """Share of positions with the same likeliest token."""
    divergence: float
    """Mean KL divergence from PyTorch's distribution, in nats."""


def compare(
    model: Llama, tokenizer: Tokenizer, path: Path, texts: Sequence[str], adapter: Path | None = None
) -> Parity:
    """Run `texts` through the GGUF at `path`, under a LoRA if one is given, and through the model they are of."""
    asked = "\n".join(json.dumps(text) for text in texts)
    command = [sys.executable, "-m", "game.forge.parity", str(path), *([str(adapter)] if adapter else [])]
    done = subprocess.run(command, input=asked, capture_output=True, text=True, check=True)
    same, largest, agree, positions, divergence = 0, 0.0, 0, 0, 0.0
    for text, line in zip(texts, done.stdout.splitlines(), strict=True):
        answer = json.loads(line)
        ids = tokenizer.encode(text).ids
        same += ids == answer["ids"]
        theirs = torch.from_numpy(np.load(answer["logits"]))
        Path(answer["logits"]).unlink()
        with torch.no_grad():
            ours = model(torch.tensor([answer["ids"]]))[0]
        largest = max(largest, float((ours - theirs).abs().max()))
        agree += int((ours.argmax(-1) == theirs.argmax(-1)).sum())
        log_ours, log_theirs = ours.log_softmax(-1), theirs.log_softmax(-1)
        divergence += float((log_ours.exp() * (log_ours - log_theirs)).sum())
        positions += len(answer["ids"])
    return Parity(len(texts), same, largest, agree / positions, divergence / positions)


def _logits(api: Any, context: Any, ids: list[int], vocabulary: int) -> NDArray[np.float32]:
    api.llama_memory_clear(api.llama_get_memory(context), True)
    batch = api.llama_batch_init(len(ids), 0, 1)
    batch.n_tokens = len(ids)
    for i, token in enumerate(ids):
        batch.token[i], batch.pos[i], batch.n_seq_id[i], batch.seq_id[i][0], batch.logits[i] = token, i, 1, 0, 1
    if api.llama_decode(context, batch) != 0:
        raise RuntimeError("llama_decode failed")
    rows = [np.ctypeslib.as_array(api.llama_get_logits_ith(context, i), (vocabulary,)) for i in range(len(ids))]
    out = np.array(rows, np.float32)
    api.llama_batch_free(batch)
    return out


def _serve(path: str, adapter: str = "") -> None:
    """The child: JSON strings in, `{ids, logits}` out, where `logits` names a temporary .npy file."""
    import tempfile

    import llama_cpp as api

    api.llama_backend_init()
    settings = api.llama_model_default_params()
    settings.use_extra_bufts = False  # this build's AMX kernels crash on some processors
    model = api.llama_model_load_from_file(path.encode(), settings)
    wanted = api.llama_context_default_params()
    wanted.n_ctx = wanted.n_batch = wanted.n_ubatch = 2048
    context = api.llama_init_from_model(model, wanted)
    if adapter:
        lora = api.llama_adapter_lora_init(model, adapter.encode())
        api.llama_set_adapters_lora(context, (type(lora) * 1)(lora), 1, (ctypes.c_float * 1)(1.0))
    vocabulary = api.llama_model_get_vocab(model)
    size = api.llama_vocab_n_tokens(vocabulary)
    room = (api.llama_token * 8192)()
    for line in sys.stdin:
        raw = json.loads(line).encode()
        count = api.llama_tokenize(vocabulary, raw, len(raw), room, len(room), False, True)
        ids = list(room[:count])
        with tempfile.NamedTemporaryFile(suffix=".npy", delete=False) as file:
            np.save(file, _logits(api, context, ids, size))
        print(json.dumps({"ids": ids, "logits": file.name}), flush=True)


if __name__ == "__main__":
    _serve(*sys.argv[1:])
