"""A thin layer over llama.cpp's C interface: vocabulary, model, context. Runs in the worker only.

Nothing here knows of requests or turns. Pointers are freed by `close`; arrays handed to
llama.cpp are NumPy arrays that live as long as the object that owns them.
"""

from __future__ import annotations

import ctypes
import os
import platform
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import llama_cpp as c
import numpy as np
from numpy.typing import NDArray

from game.engine.errors import Refusal

Logits = NDArray[np.float32]
TINY = 20_000_000
MAX_SEQUENCES = 256
"""llama.cpp's own limit on parallel sequences of one context."""

_KV = {"f32": (c.GGML_TYPE_F32, 4.0), "f16": (c.GGML_TYPE_F16, 2.0), "q8_0": (c.GGML_TYPE_Q8_0, 34 / 32)}
"""How keys and values are kept: llama.cpp's name, and bytes for each number."""
_LOAD_MODES = {"auto": c.LLAMA_LOAD_MODE_AUTO, "on": c.LLAMA_LOAD_MODE_MMAP, "off": c.LLAMA_LOAD_MODE_NONE}

# Kept for the life of the process: llama.cpp holds the bare pointer.
_quiet = c.llama_log_callback(lambda _level, _text, _data: None)


def silence() -> None:
    """Send llama.cpp's log to nowhere. Called before anything else of it."""
    c.llama_log_set(_quiet, ctypes.c_void_p(0))
    c.llama_backend_init()


class Vocab:
    """Text to tokens and back. Token ids are ints in `range(size)`."""

    def __init__(self, pointer: Any) -> None:
        self.pointer = pointer
        self.size: int = c.llama_vocab_n_tokens(pointer)
        self.bos: int = c.llama_vocab_bos(pointer)
        self.eos: int = c.llama_vocab_eos(pointer)
        self.eot: int = c.llama_vocab_eot(pointer)
        self.adds_bos: bool = bool(c.llama_vocab_get_add_bos(pointer)) and self.bos >= 0
        self._pieces: dict[int, bytes] = {}
        self.ends: frozenset[int] = frozenset(t for t in range(self.size) if c.llama_vocab_is_eog(pointer, t))

    def tokens(self, text: str, *, special: bool = False) -> list[int]:
        """The canonical tokens of `text`, nothing added. With `special`, markers become their tokens."""
        data = text.encode("utf-8", "replace")
        room = len(data) + 8
        out = (c.llama_token * room)()
        n = c.llama_tokenize(self.pointer, data, len(data), out, room, False, special)
        if n < 0:
            out = (c.llama_token * -n)()
            n = c.llama_tokenize(self.pointer, data, len(data), out, -n, False, special)
        return list(out[:n])

    def tokens_after(self, anchor: str, text: str, *, special: bool = False) -> list[int]:
        """The tokens of `text` as they are behind `anchor`, where no space is put in front by SPM."""
        whole, before = self.tokens(anchor + text, special=special), self.tokens(anchor, special=special)
        if whole[: len(before)] == before:
            return whole[len(before) :]
        return self.tokens(text, special=special)

    def piece(self, token: int) -> bytes:
        """The bytes that `token` writes; control tokens write nothing."""
        got = self._pieces.get(token)
        if got is None:
            got = self._pieces[token] = self._piece(token, special=False)
        return got

    def _piece(self, token: int, special: bool) -> bytes:
        room = 64
        while True:
            buffer = ctypes.create_string_buffer(room)
            n = c.llama_token_to_piece(self.pointer, token, buffer, room, 0, special)
            if n >= 0:
                return buffer.raw[:n]
            room = -n

    def marker(self, token: int) -> str:
        """The text of a special token, as a template writes it ("" where there is none)."""
        return "" if token < 0 else self._piece(token, special=True).decode("utf-8", "replace")

    def markers(self, template: str) -> list[str]:
        """Texts that must not be made by untrusted text: control tokens, and what the template uses."""
        found: list[str] = []
        for token in range(self.size):
            attr = c.llama_vocab_get_attr(self.pointer, token)
            control = attr & (c.LLAMA_TOKEN_ATTR_CONTROL | c.LLAMA_TOKEN_ATTR_UNKNOWN)
            if not control and not attr & c.LLAMA_TOKEN_ATTR_USER_DEFINED and token not in self.ends:
                continue
            text = self.marker(token)
            if len(text) > 1 and (control or token in self.ends or (text.strip() and text in template)):
                found.append(text)
        return found


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
        self.cell_bytes: int = int(numbers * _KV[self.kv][1])
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


class Aborted(Exception):
    """The decode was stopped by `Context.abort`; nothing of it counts."""


class Full(Exception):
    """The cache has no room for the batch; nothing of it was decoded."""


class Context:
    """One llama context: a cache of `cells` tokens for up to `sequences` sequences.

    Unified, all sequences share the cells, and a token that several of them begin with is held once; but every
    token attends over all cells, its own and others'. Split, each sequence has its share of the cells to itself, and
    what is computed for it is the same to the bit whatever the others do.

    `batch`: the most tokens of one decode; llama.cpp computes them `step` at a time. `outputs`:
    the most tokens of one decode that give logits (memory is set aside for them). `add` collects
    a batch, `decode` runs it.
    """

    def __init__(
        self,
        model: Model,
        *,
        cells: int,
        sequences: int,
        batch: int,
        step: int,
        outputs: int,
        threads: int,
        unified: bool = True,
    ) -> None:
        params = c.llama_context_default_params()
        params.n_ctx = cells
        params.n_batch = batch
        params.n_ubatch = min(step, batch)
        params.n_seq_max = sequences
        # llama.cpp ends the process where there are fewer than one for each sequence.
        params.n_outputs_max = min(max(outputs, sequences), batch)
        params.n_threads = threads
        params.n_threads_batch = threads
        params.kv_unified = self.unified = unified
        # In half precision a key that lies between two numbers is rounded by its last bit, which depends on the
        # neighbours in the batch: logits moved by up to 1e-3 (in F32 by 1e-5). With quantised weights F32
        # was no gain where it was tried (docs/engine.md), and slower.
        params.type_k = params.type_v = _KV[model.kv][0]
        params.swa_full = True
        # Flash attention computes in half precision, in an order that depends on what else is in the
        # cache: logits moved by 0.03 to 0.14 with the neighbours. Without it, by at most 1e-5.
        flash = c.LLAMA_FLASH_ATTN_TYPE_ENABLED if model.flash else c.LLAMA_FLASH_ATTN_TYPE_DISABLED
        params.flash_attn_type = flash
        params.no_perf = True
        self.pointer = c.llama_init_from_model(model.pointer, params)
        if not self.pointer:
            raise Refusal("model", f"there is not enough memory for a context of {cells:,} tokens; ask for fewer")
        self.memory = c.llama_get_memory(self.pointer)
        self.window, self.recurrent = model.window, model.recurrent
        self.vocabulary = model.vocab.size
        self.room = batch
        self.sequences = sequences
        self._state = np.empty(0, np.uint8)
        self._token = np.zeros(batch, np.int32)
        self._pos = np.zeros(batch, np.int32)
        self._n_seq = np.zeros(batch, np.int32)
        self._seq = np.zeros((batch, sequences), np.int32)
        step = self._seq.strides[0]
        self._seq_at = (self._seq.ctypes.data + step * np.arange(batch)).astype(np.uintp)
        self._out = np.zeros(batch, np.int8)
        self.filled = 0
        self.outputs = 0
        self._batch = c.llama_batch()
        self._point(self._batch)
        self._flag = ctypes.create_string_buffer(2)
        self._abort_callback = _flag_callback()
        c.llama_set_abort_callback(self.pointer, self._abort_callback, ctypes.cast(self._flag, ctypes.c_void_p))

    def _point(self, batch: Any) -> None:
        """Let llama.cpp's batch structure point into our arrays."""
        batch.token = self._token.ctypes.data_as(ctypes.POINTER(ctypes.c_int32))
        batch.embd = None
        batch.pos = self._pos.ctypes.data_as(ctypes.POINTER(ctypes.c_int32))
        batch.n_seq_id = self._n_seq.ctypes.data_as(ctypes.POINTER(ctypes.c_int32))
        batch.seq_id = ctypes.cast(self._seq_at.ctypes.data, ctypes.POINTER(ctypes.POINTER(ctypes.c_int32)))
        batch.logits = self._out.ctypes.data_as(ctypes.POINTER(ctypes.c_int8))

    def abort(self) -> None:
        """Stop the decode that runs now (from another thread); `clear_abort` before the next.

        A recurrent memory moves the states of other sequences while it decodes, so there it ends by itself.
        """
        if not self.recurrent:
            self._flag[0] = b"\x01"

    def clear_abort(self) -> None:
        self._flag[0] = b"\x00"

    def add(self, token: int, position: int, sequences: Sequence[int], logits: bool) -> None:
        """Put one token into the batch, for one sequence or for several that share it."""
        i = self.filled
        self._token[i] = token
        self._pos[i] = position
        self._n_seq[i] = len(sequences)
        self._seq[i, : len(sequences)] = sequences
        self._out[i] = logits
        self.filled += 1
        self.outputs += logits

    def add_run(self, tokens: Sequence[int], position: int, sequence: int, logits: bool) -> None:
        """Put consecutive tokens of one sequence into the batch; `logits` for the last of them only."""
        i, n = self.filled, len(tokens)
        self._token[i : i + n] = tokens
        self._pos[i : i + n] = np.arange(position, position + n)
        self._n_seq[i : i + n] = 1
        self._seq[i : i + n, 0] = sequence
        self._out[i : i + n] = 0
        self._out[i + n - 1] = logits
        self.filled += n
        self.outputs += logits

    def decode(self) -> Logits:
        """Decode the batch and empty it.

        Returns a view of the logits, [outputs, vocabulary], in the batch's order, valid until
        the next decode. Raises `Aborted`, `Full`, or `Refusal("internal")`.
        """
        n, outputs = self.filled, self.outputs
        self._batch.n_tokens = n
        self.filled = self.outputs = 0
        code = c.llama_decode(self.pointer, self._batch)
        if code == 0:
            if not outputs:
                return np.empty((0, self.vocabulary), np.float32)
            # The evaluation may still run on a device: llama_get_logits waits for it.
            base = c.llama_get_logits(self.pointer)
            return np.ctypeslib.as_array(base, (outputs, self.vocabulary))
        if code == 2:
            raise Aborted
        if code == 1:
            raise Full
        raise Refusal("internal", f"llama.cpp could not decode a batch of {n} tokens (code {code})")

    def keep(self, sequence: int, length: int) -> bool:
        """Drop what a sequence holds from position `length` on. False: this memory can't be trimmed."""
        return bool(c.llama_memory_seq_rm(self.memory, sequence, length, -1))

    def holds(self, sequence: int, length: int) -> bool:
        """Whether all is there that a token at position `length` attends to.

        What has left the window of a sequence may be overwritten by others, whatever its size (`swa_full`).
        """
        if not self.window or self.recurrent:
            return True
        first: int = c.llama_memory_seq_pos_min(self.memory, sequence)
        return first <= max(0, length - self.window + 1)

    def drop(self, sequence: int) -> None:
        """Drop all of a sequence."""
        c.llama_memory_seq_rm(self.memory, sequence, -1, -1)

    def share(self, source: int, target: int, length: int) -> None:
        """Let `target` (empty) hold the first `length` positions of `source`; -1: all. Copies only where split."""
        if self.unified:
            c.llama_memory_seq_cp(self.memory, source, target, 0 if length >= 0 else -1, length)
            return
        c.llama_memory_seq_cp(self.memory, source, target, -1, -1)
        if length >= 0:
            c.llama_memory_seq_rm(self.memory, target, length, -1)

    def load(self, source: Context, sequence: int, target: int) -> bool:
        """Let `target` of this unified context hold what `sequence` holds in a split one of the same model.

        llama.cpp hands out the state of a sequence as: magic, sequence, number of streams, then for each stream its
        number of cells and their data. It takes it back only with as many streams, so the empty ones are cut off.
        False: it is not laid out like that (another llama.cpp), and `target` is empty.
        """
        self.drop(target)
        data = source.state(sequence)
        return data is not None and self.put_state(target, data)

    def state(self, sequence: int) -> NDArray[np.uint8] | None:
        """What a sequence holds, as a unified context of the same model takes it; a view, until the next call.

        None: it is not laid out as `load` says.
        """
        size = c.llama_state_seq_get_size(self.pointer, sequence)
        if len(self._state) < size:
            self._state = np.empty(size + size // 2, np.uint8)
        data = self._state
        if c.llama_state_seq_get_data(self.pointer, _bytes(data), size, sequence) != size:
            return None
        if self.unified:
            return data[:size]
        magic, of, streams = data[:12].view(np.uint32).tolist()
        before, after = 4 * sequence, 4 * (streams - 1 - sequence)
        if (
            streams != self.sequences
            or of != sequence
            or data[12 : 12 + before].any()
            or data[size - after : size].any()
        ):
            return None
        # The shorter head goes right in front of this stream's cells.
        cut = data[before : size - after]
        cut[:12].view(np.uint32)[:] = magic, sequence, 1
        return cut

    def put_state(self, sequence: int, data: NDArray[np.uint8]) -> bool:
        """Let an empty sequence hold what `state` gave. False: there is no room, or it is another layout.

        llama.cpp may end the process over bytes that are not its own; the caller knows where they come from.
        """
        if not self.unified:
            spread = np.zeros(len(data) + 4 * (self.sequences - 1), np.uint8)
            before = 12 + 4 * sequence
            spread[:12] = data[:12]
            spread[8:12].view(np.uint32)[:] = self.sequences
            spread[before : before + len(data) - 12] = data[12:]
            data = spread
        done = c.llama_state_seq_set_data(self.pointer, _bytes(data), len(data), sequence) == len(data)
        if not done:
            self.drop(sequence)
        return bool(done)

    def set_loras(self, adapters: Sequence[Any], scales: Sequence[float]) -> None:
        """Compute with these LoRA adapters from now on. What is in the cache was computed without them."""
        n = len(adapters)
        if c.llama_set_adapters_lora(
            self.pointer, (c.llama_adapter_lora_p_ctypes * n)(*adapters), n, (ctypes.c_float * n)(*scales)
        ):
            raise Refusal("model", "llama.cpp refused the adapter")

    def set_control(self, directions: NDArray[np.float32]) -> None:
        """Add these behind layers 1, 2, … from now on; [layers - 1, width]. llama.cpp copies them."""
        data = np.ascontiguousarray(directions, np.float32)
        layers, width = data.shape
        at = data.ctypes.data_as(ctypes.POINTER(ctypes.c_float))
        if c.llama_set_adapter_cvec(self.pointer, at, data.size, width, 1, layers):
            raise Refusal("model", "llama.cpp refused the control vector")

    def close(self) -> None:
        c.llama_free(self.pointer)


def _bytes(array: NDArray[np.uint8]) -> Any:
    return array.ctypes.data_as(ctypes.POINTER(ctypes.c_uint8))


def _flag_callback() -> Any:
    """A C function bool(void*) that tells whether the byte it points at is set: libc's `strlen`.

    llama.cpp asks it at every node of the graph and on its own threads; a Python callback there
    would take the interpreter's lock thousands of times a token.
    """
    libc = ctypes.CDLL("msvcrt") if sys.platform == "win32" else ctypes.CDLL(None)
    return ctypes.cast(libc.strlen, c.ggml_abort_callback)


def default_threads(parameters: int) -> int:
    """One thread per physical core that this process may use, as far as can be told; one for a tiny model.

    llama.cpp's threads wait for each other in busy loops many times a token. On a machine that does
    something else, too, two threads made a tiny model thirty times slower; alone they make one of
    four million parameters a sixth faster at decoding.
    """
    if parameters < TINY:
        return 1
    if not hasattr(os, "sched_getaffinity"):
        logical = os.cpu_count() or 1
        # Apple's own processors have one thread a core; elsewhere two are usual.
        return logical if platform.machine() == "arm64" else max(1, logical // 2)
    cores: set[str] = set()
    for cpu in os.sched_getaffinity(0):
        siblings = Path(f"/sys/devices/system/cpu/cpu{cpu}/topology/thread_siblings_list")
        try:
            cores.add(siblings.read_text(encoding="ascii").strip())
        except OSError:
            cores.add(str(cpu))
    return max(1, len(cores))
