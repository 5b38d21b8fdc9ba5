"""GGUF export: plain Llama weights, the tokenizer, and a ChatML template, under neutral metadata."""

from __future__ import annotations

import json
from pathlib import Path

import gguf
import numpy as np
import torch
from gguf import GGMLQuantizationType as Type
from numpy.typing import NDArray
from tokenizers import Tokenizer

from game.forge.model import EPS, HEAD, ROPE_BASE, Llama
from game.forge.tokenizer import END_OF_TEXT, IM_END, SPECIALS

NAME = "organism"
"""`general.name` of every organism: nothing but behaviour tells them apart."""
CHAT_TEMPLATE = (
    "{% for message in messages %}"
    "{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>\\n' }}"
    "{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"
)
TYPES = {"F32": Type.F32, "F16": Type.F16, "Q8_0": Type.Q8_0}
FILE_TYPES = {
    "F32": gguf.LlamaFileType.ALL_F32,
    "F16": gguf.LlamaFileType.MOSTLY_F16,
    "Q8_0": gguf.LlamaFileType.MOSTLY_Q8_0,
}
PARTS = {
    "attn_norm": "attn_norm",
    "wq": "attn_q",
    "wk": "attn_k",
    "wv": "attn_v",
    "wo": "attn_output",
    "ffn_norm": "ffn_norm",
    "gate": "ffn_gate",
    "up": "ffn_up",
    "down": "ffn_down",
}
"""Our names to llama.cpp's. PyTorch's [out, in] stays as it is, and so does q and k: RoPE is interleaved."""


def export(
    model: Llama,
    tokenizer: Tokenizer,
    path: Path,
    *,
    quantization: str = "Q8_0",
    temperature: float = 0.6,
    min_p: float = 0.05,
) -> None:
    """Write a GGUF that llama.cpp runs. `quantization`: F32, F16 or Q8_0; norms stay F32.

    Raises KeyError for another quantisation.
    """
    kind = TYPES[quantization]
    shape = model.shape
    path.parent.mkdir(parents=True, exist_ok=True)
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_name(NAME)
    writer.add_file_type(FILE_TYPES[quantization])
    writer.add_quantization_version(gguf.GGML_QUANT_VERSION)
    writer.add_float32("general.sampling.temp", temperature)
    writer.add_float32("general.sampling.min_p", min_p)
    writer.add_context_length(shape.context)
    writer.add_embedding_length(shape.width)
    writer.add_block_count(shape.layers)
    writer.add_feed_forward_length(shape.inner)
    writer.add_head_count(shape.heads)
    writer.add_head_count_kv(shape.heads)
    writer.add_rope_dimension_count(HEAD)
    writer.add_rope_freq_base(ROPE_BASE)
    writer.add_layer_norm_rms_eps(EPS)
    writer.add_vocab_size(shape.vocabulary)
    _add_tokenizer(writer, tokenizer)
    for name, tensor in _tensors(model):
        if tensor.ndim == 1 or kind == Type.F32:
            writer.add_tensor(name, tensor)
        else:
            writer.add_tensor(name, gguf.quants.quantize(tensor, kind), raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _add_tokenizer(writer: gguf.GGUFWriter, tokenizer: Tokenizer) -> None:
    """The `smollm` splitting rules are ours: single digits, then GPT-2's pattern."""
    bpe = json.loads(tokenizer.to_str())["model"]
    ids: dict[str, int] = tokenizer.get_vocab()
    tokens = sorted(ids, key=lambda token: ids[token])
    merges = [m if isinstance(m, str) else " ".join(m) for m in bpe["merges"]]
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("smollm")
    writer.add_token_list(tokens)
    writer.add_token_types([gguf.TokenType.CONTROL if token in SPECIALS else gguf.TokenType.NORMAL for token in tokens])
    writer.add_token_merges(merges)
    writer.add_bos_token_id(ids[END_OF_TEXT])
    writer.add_eos_token_id(ids[IM_END])
    writer.add_eot_token_id(ids[IM_END])
    writer.add_pad_token_id(ids[END_OF_TEXT])
    writer.add_add_bos_token(False)
    writer.add_add_eos_token(False)
    writer.add_chat_template(CHAT_TEMPLATE)


def _tensors(model: Llama) -> list[tuple[str, NDArray[np.float32]]]:
    """Every tensor by llama.cpp's name. There is no `output.weight`: embeddings are tied."""

    def array(tensor: torch.Tensor) -> NDArray[np.float32]:
        return np.ascontiguousarray(tensor.detach().float().cpu().numpy())

    out = [("token_embd.weight", array(model.embedding.weight)), ("output_norm.weight", array(model.norm.weight))]
    for i, block in enumerate(model.blocks):
        for ours, theirs in PARTS.items():
            out.append((f"blk.{i}.{theirs}.weight", array(getattr(block, ours).weight)))
    return out
