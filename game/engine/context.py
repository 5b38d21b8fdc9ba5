"""A context of llama.cpp: the cache of a model's sequences, batches that are decoded, states. Runs in the worker only.

Arrays handed to llama.cpp are NumPy arrays that live as long as the object that owns them.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Sequence
from typing import Any

import llama_cpp as c
import numpy as np
from numpy.typing import NDArray

from game.engine.errors import Refusal
from game.engine.llama import KV, Model

Logits = NDArray[np.float32]
MAX_SEQUENCES = 256
"""llama.cpp's own limit on parallel sequences of one context."""


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
        params.type_k = params.type_v = KV[model.kv][0]
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
