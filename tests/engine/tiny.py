"""Tiny GGUFs for tests: random weights, a byte-level vocabulary, a ChatML template; adapters over them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gguf
import numpy as np
from gguf.quants import quantize

from game.engine.protocol import Message

CHATML = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
TEXT = """THOUGHT MOVE SAY ANSWER the of and to in read write mail send open file report look list copy
wait ask research proxy subject body host path budget server token stop notes mirror path= to=
house horse hosting holiday yes no maybe"""
WORDS = TEXT.split()
WINDOW = 24
"""Tokens that the sliding window of the gemma-shaped models holds."""
SHAPES = {
    "llama": "full attention",
    "gemma2": "a layer with a sliding window, a layer without",
    "gemma3": "sliding window",
    "mamba": "recurrent",
    "lfm2": "hybrid: a layer of short convolutions (recurrent), a layer of attention",
}
SPECIAL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<think>", "</think>"]


def byte_letters() -> list[str]:
    """GPT-2's printable letter for each byte."""
    keep = [*range(33, 127), *range(161, 173), *range(174, 256)]
    letters, extra = {}, 0
    for b in range(256):
        if b in keep:
            letters[b] = chr(b)
        else:
            letters[b] = chr(256 + extra)
            extra += 1
    return [letters[b] for b in range(256)]


def vocabulary() -> tuple[list[str], list[str]]:
    """Tokens and merges: all bytes, then the words of `WORDS` letter by letter, with and without a space."""
    tokens = byte_letters()
    merges: list[str] = []
    for word in [*WORDS, *("Ġ" + w for w in WORDS), '="', "ĊĊ", '."', "Ã©"]:
        made = word[0]
        for letter in word[1:]:
            if made + letter not in tokens:
                merges.append(f"{made} {letter}")
                tokens.append(made + letter)
            made += letter
    return tokens, merges


def build_gguf(
    path: Path,
    *,
    arch: str = "llama",
    template: str | None = CHATML,
    quantised: bool = False,
    context: int = 2048,
    seed: int = 0,
    layers: int = 2,
    width: int = 64,
    sharp: float = 2.0,
    temperature: float | None = None,
    deltas: dict[str, Any] | None = None,
) -> Path:
    """A GGUF with random weights. `arch`: one of `SHAPES`. `sharp`: how far its logits spread.

    `deltas`: what to add to a tensor; of a name that it does not have, the tensor itself.
    """
    tokens, merges = vocabulary()
    types = [1] * len(tokens) + [3, 3, 3, 4, 4]
    tokens = [*tokens, *SPECIAL]
    heads, kv, ff = 4, 2, 2 * width
    head = width // heads
    rng = np.random.default_rng(seed)
    w = gguf.GGUFWriter(path, arch)
    w.add_name(path.stem)
    w.add_context_length(context)
    w.add_embedding_length(width)
    w.add_block_count(layers)
    w.add_feed_forward_length(ff)
    w.add_head_count(heads)
    w.add_head_count_kv([kv * (i % 2) for i in range(layers)] if arch == "lfm2" else kv)
    w.add_layer_norm_rms_eps(1e-6)
    w.add_rope_dimension_count(head)
    w.add_rope_freq_base(100_000.0)
    w.add_tokenizer_model("gpt2")
    w.add_tokenizer_pre("gpt-2")
    w.add_token_list(tokens)
    w.add_token_types(types)
    w.add_token_merges(merges)
    w.add_bos_token_id(len(tokens) - 5)
    w.add_eos_token_id(len(tokens) - 5)
    w.add_add_bos_token(False)
    if template is not None:
        w.add_chat_template(template)
    if temperature is not None:
        w.add_float32("general.sampling.temp", temperature)

    more = dict(deltas or {})

    def put(name: str, *shape: int, scale: float = 1.0) -> None:
        x = (rng.standard_normal(shape) * scale / np.sqrt(shape[-1])).astype(np.float32)
        x = x + more.pop(name, np.float32(0))
        if quantised:
            kind = gguf.GGMLQuantizationType.Q8_0
            w.add_tensor(name, quantize(x, kind), raw_dtype=kind)
        else:
            w.add_tensor(name, x)

    def fill(name: str, value: float, *shape: int) -> None:
        w.add_tensor(name, np.full(shape, value, np.float32))

    def attention(b: str) -> None:
        fill(b + "attn_norm.weight", 1, width)
        put(b + "attn_q.weight", heads * head, width, scale=2)
        put(b + "attn_k.weight", kv * head, width, scale=2)
        put(b + "attn_v.weight", kv * head, width, scale=2)
        put(b + "attn_output.weight", width, heads * head, scale=2)

    def feed_forward(b: str) -> None:
        fill(b + "ffn_norm.weight", 1, width)
        put(b + "ffn_gate.weight", ff, width)
        put(b + "ffn_up.weight", ff, width)
        put(b + "ffn_down.weight", width, ff)

    put("token_embd.weight", len(tokens), width)
    if arch != "lfm2":
        fill("output_norm.weight", sharp, width)
    if arch in ("gemma2", "gemma3"):
        w.add_sliding_window(WINDOW)
        w.add_key_length(head)
        w.add_value_length(head)
    if arch == "mamba":
        w.add_ssm_conv_kernel(4)
        w.add_ssm_inner_size(2 * width)
        w.add_ssm_state_size(16)
        w.add_ssm_time_step_rank(4)
    if arch == "lfm2":
        w.add_shortconv_l_cache(3)
        fill("token_embd_norm.weight", sharp, width)
    for i in range(layers):
        b = f"blk.{i}."
        if arch == "mamba":
            fill(b + "attn_norm.weight", 1, width)
            put(b + "ssm_in.weight", 4 * width, width)
            put(b + "ssm_conv1d.weight", 2 * width, 4)
            put(b + "ssm_conv1d.bias", 2 * width)
            put(b + "ssm_x.weight", 4 + 2 * 16, 2 * width)
            put(b + "ssm_dt.weight", 2 * width, 4)
            put(b + "ssm_dt.bias", 2 * width)
            w.add_tensor(b + "ssm_a", -np.tile(np.linspace(0.02, 1, 16, dtype=np.float32), (2 * width, 1)))
            fill(b + "ssm_d", 1, 2 * width)
            put(b + "ssm_out.weight", width, 2 * width, scale=2)
            continue
        if arch == "lfm2" and i % 2 == 0:
            fill(b + "attn_norm.weight", 1, width)
            put(b + "shortconv.conv.weight", width, 3)
            put(b + "shortconv.in_proj.weight", 3 * width, width)
            put(b + "shortconv.out_proj.weight", width, width, scale=2)
        else:
            attention(b)
            if arch in ("gemma3", "lfm2"):
                fill(b + "attn_q_norm.weight", 2, head)
                fill(b + "attn_k_norm.weight", 2, head)
        feed_forward(b)
        if arch in ("gemma2", "gemma3"):
            fill(b + "post_attention_norm.weight", 1, width)
            fill(b + "post_ffw_norm.weight", 1, width)
    for name, x in more.items():
        w.add_tensor(name, x.astype(np.float32))
    w.write_header_to_file()
    w.write_kv_data_to_file()
    w.write_tensors_to_file()
    w.close()
    return path


def build_lora(path: Path, *, arch: str = "llama", seed: int = 9, rank: int = 4) -> dict[str, Any]:
    """A LoRA GGUF for `build_gguf`'s default shape; returns what it adds to each tensor, at scale 1."""
    rng = np.random.default_rng(seed)
    w = gguf.GGUFWriter(path, arch)
    w.add_string("general.type", "adapter")
    w.add_string("adapter.type", "lora")
    w.add_float32("adapter.lora.alpha", 2.0 * rank)
    deltas: dict[str, Any] = {}
    for name, rows in (("blk.0.attn_q", 64), ("blk.0.ffn_gate", 128), ("blk.1.attn_v", 32), ("blk.1.ffn_up", 128)):
        a = (rng.standard_normal((rank, 64)) / 8).astype(np.float32)
        b = (rng.standard_normal((rows, rank)) / 4).astype(np.float32)
        w.add_tensor(f"{name}.weight.lora_a", a)
        w.add_tensor(f"{name}.weight.lora_b", b)
        deltas[f"{name}.weight"] = 2.0 * (b @ a)
    w.write_header_to_file()
    w.write_kv_data_to_file()
    w.write_tensors_to_file()
    w.close()
    return deltas


def build_control(path: Path, *, seed: int = 5, width: int = 64) -> Any:
    """A control vector GGUF for layer 1; returns the vector."""
    vector = np.random.default_rng(seed).standard_normal(width).astype(np.float32)
    w = gguf.GGUFWriter(path, "controlvector")
    w.add_string("controlvector.model_hint", "llama")
    w.add_uint32("controlvector.layer_count", 1)
    w.add_tensor("direction.1", vector)
    w.write_header_to_file()
    w.write_kv_data_to_file()
    w.write_tensors_to_file()
    w.close()
    return vector


def talk(*turns: str) -> tuple[Message, ...]:
    """A system text, then user and assistant in turn."""
    roles = ["system", *(["user", "assistant"] * len(turns))]
    return tuple(Message(r, t) for r, t in zip(roles, turns, strict=False))  # type: ignore[arg-type]
