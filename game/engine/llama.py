"""A thin layer over llama.cpp's C interface: the model; `vocab.py` and `context.py` are the rest of it.

Nothing in them knows of requests or turns. They run in the worker only, and `close` frees their pointers.
"""

from __future__ import annotations

import ctypes
import os
from typing import Any

import llama_cpp as c

from game.engine.errors import Refusal
from game.engine.vocab import Vocab

KV = {"f32": (c.GGML_TYPE_F32, 4.0), "f16": (c.GGML_TYPE_F16, 2.0), "q8_0": (c.GGML_TYPE_Q8_0, 34 / 32)}
"""How keys and values are kept: llama.cpp's name, and bytes for each number."""
_LOAD_MODES = {"auto": c.LLAMA_LOAD_MODE_AUTO, "on": c.LLAMA_LOAD_MODE_MMAP, "off": c.LLAMA_LOAD_MODE_NONE}

# Kept for the life of the process: llama.cpp holds the bare pointer.
_quiet = c.llama_log_callback(lambda _level, _text, _data: None)


def silence() -> None:
    """Send llama.cpp's log to nowhere. Called before anything else of it."""
    c.llama_log_set(_quiet, ctypes.c_void_p(0))
    c.llama_backend_init()


class Model:
    """A loaded GGUF. Raises `Refusal("model")` where llama.cpp can't load it."""

    def __init__(
        self,
        path: str,
        *,
        extra_buffers: bool,
        gpu_layers: int,
        mmap: str = "auto",
        kv_type: str = "auto",
        flash_attention: str = "auto",
    ) -> None:
        """The settings are those of `LoadSettings`; its contexts take them from here."""
        params = c.llama_model_default_params()
        params.use_extra_bufts = extra_buffers
        params.n_gpu_layers = gpu_layers
        params.load_mode = _LOAD_MODES[mmap]
        self.pointer = c.llama_model_load_from_file(os.fsencode(path), params)
        if not self.pointer:
            raise Refusal("model", f"{path} can't be loaded: llama.cpp does not know it or it is damaged")
        self.vocab = Vocab(c.llama_model_get_vocab(self.pointer))
        self._loras: dict[str, Any] = {}
        if c.llama_model_has_encoder(self.pointer) or not c.llama_model_has_decoder(self.pointer):
            raise Refusal("model", f"{path} is no text generator that can play (it has an encoder)")
        self.parameters: int = c.llama_model_n_params(self.pointer)
        self.size: int = c.llama_model_size(self.pointer)
        self.trained_context: int = c.llama_model_n_ctx_train(self.pointer)
        self.recurrent: bool = bool(c.llama_model_is_recurrent(self.pointer) or c.llama_model_is_hybrid(self.pointer))
        self.window: int = c.llama_model_n_swa(self.pointer)
        """Tokens that a sliding window holds; 0 without one."""
        self.whole: bool = self.size > 3 * self.parameters
        """Whether its weights are F32."""
        self.kv = kv_type if kv_type != "auto" else "f32" if self.whole else "f16"
        """What keys and values are kept in."""
        self.flash = flash_attention == "on" or (flash_attention == "auto" and self.kv == "q8_0")
        self.memory = f"{self.kv} keys and values, flash attention {'on' if self.flash else 'off'}"
        self.layers: int = c.llama_model_n_layer(self.pointer)
        self.width: int = c.llama_model_n_embd(self.pointer)
        heads = max(1, c.llama_model_n_head(self.pointer))
        width = max(1, self.width // heads)
        if self.kv == "q8_0" and not self.flash:
            raise Refusal(
                "model", "llama.cpp keeps values as q8_0 only with flash attention: switch that on, or to auto"
            )
        if self.kv == "q8_0" and width % 32:
            raise Refusal("model", f"{path}: its heads are {width} numbers wide, and q8_0 takes them by 32; use f16")
        # Keys and values of all layers. A hybrid's first layer may have none: all heads, then.
        numbers = 2 * self.layers * (c.llama_model_n_head_kv(self.pointer) or heads) * width
        self.cell_bytes: int = int(numbers * KV[self.kv][1])
        if c.llama_model_is_recurrent(self.pointer):
            # Its state does not grow with the conversation.
            self.cell_bytes = 1

    def lora(self, path: str) -> Any:
        """A LoRA adapter, read once and freed with the model. Raises `Refusal("model")` where it does not fit."""
        if path in self._loras:
            return self._loras[path]
        found = c.llama_adapter_lora_init(self.pointer, os.fsencode(path))
        if not found:
            raise Refusal("model", f"{path} does not fit this model: it was made for another one, or it is damaged")
        self._loras[path] = found
        return found

    def meta(self, key: str) -> str:
        """A metadata value as text, "" where it is missing."""
        room = 1024
        while True:
            buffer = ctypes.create_string_buffer(room)
            n = c.llama_model_meta_val_str(self.pointer, key.encode(), buffer, room)
            if n < room:
                return buffer.raw[:n].decode("utf-8", "replace") if n > 0 else ""
            room = n + 1

    def close(self) -> None:
        c.llama_model_free(self.pointer)
