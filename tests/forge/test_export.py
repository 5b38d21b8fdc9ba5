"""Export: llama.cpp reads the same tokens and computes the same logits as PyTorch."""

from __future__ import annotations

import copy
from pathlib import Path
from random import Random

import gguf
import pytest
import torch
from tokenizers import Tokenizer

from game.engine.protocol import Weights
from game.engine.weights import check
from game.forge import lora, rows
from game.forge.corpus import text_of
from game.forge.export import CHAT_TEMPLATE, export
from game.forge.model import Llama, Shape, structure
from game.forge.parity import compare
from game.forge.read_back import from_gguf

pytest.importorskip("llama_cpp")

TEXTS = [text_of(rows.mini(Random(seed))) for seed in range(3)] + ['a 12  x\n\n\ty "Ünï" 日本 don\'t ROOM7...', "  b"]


@pytest.fixture(scope="module")
def model() -> Llama:
    torch.manual_seed(1)
    made = Llama(Shape(vocabulary=600, width=256, layers=2, inner=64, context=2048))
    structure(made)
    for block in made.blocks:
        torch.nn.init.normal_(block.down.weight, std=0.02)
    return made.eval()


@pytest.mark.parametrize(("kind", "bound"), [("F32", 0.1), ("F16", 0.3), ("Q8_0", 3.0)])
def test_llama_cpp_agrees_with_pytorch(
    model: Llama, small_tokenizer: Tokenizer, tmp_path: Path, kind: str, bound: float
) -> None:
    path = tmp_path / "model.gguf"
    export(model, small_tokenizer, path, quantization=kind)
    found = compare(model, small_tokenizer, path, TEXTS)
    assert found.same_tokens == len(TEXTS)
    assert found.largest_difference < bound
    assert found.divergence < {"F32": 1e-5, "F16": 1e-4, "Q8_0": 5e-3}[kind]


def test_metadata_is_neutral_and_complete(model: Llama, small_tokenizer: Tokenizer, tmp_path: Path) -> None:
    path = tmp_path / "model.gguf"
    export(model, small_tokenizer, path, temperature=0.5)
    reader = gguf.GGUFReader(path)
    value = {name: field.contents() for name, field in reader.fields.items()}
    assert value["general.name"] == "organism"
    assert value["general.sampling.temp"] == pytest.approx(0.5)
    assert value["tokenizer.ggml.pre"] == "smollm"
    assert value["tokenizer.ggml.eos_token_id"] == small_tokenizer.token_to_id("<|im_end|>")
    assert value["tokenizer.ggml.add_bos_token"] is False
    assert value["tokenizer.chat_template"] == CHAT_TEMPLATE
    assert "output.weight" not in {t.name for t in reader.tensors}


def test_the_template_is_chatml(model: Llama) -> None:
    jinja2 = pytest.importorskip("jinja2")
    messages = [{"role": "system", "content": "a"}, {"role": "user", "content": "b"}]
    text = jinja2.Template(CHAT_TEMPLATE).render(messages=messages, add_generation_prompt=True)
    assert text == "<|im_start|>system\na<|im_end|>\n<|im_start|>user\nb<|im_end|>\n<|im_start|>assistant\n"


def test_a_lora_does_to_its_base_what_it_did_in_training(
    model: Llama, small_tokenizer: Tokenizer, tmp_path: Path
) -> None:
    base, adapter = tmp_path / "base.gguf", tmp_path / "lora.gguf"
    export(model, small_tokenizer, base, quantization="F32")
    low = copy.deepcopy(model)
    lora.add(low, 4)
    for part in low.modules():
        if isinstance(part, lora.Low):
            torch.nn.init.normal_(part.lora_b, std=0.01)
    lora.export(low, adapter)
    found = compare(low, small_tokenizer, base, TEXTS, adapter)
    assert found.divergence < 1e-3
    assert compare(low, small_tokenizer, base, TEXTS).divergence > 20 * found.divergence
    check(Weights("adapter", str(adapter)))
    with pytest.raises(ValueError, match="no low-rank"):
        lora.export(model, tmp_path / "none.gguf")


@pytest.mark.parametrize("kind", ["F32", "F16", "Q8_0"])
def test_the_shipped_file_is_enough_to_go_on_from(
    model: Llama, small_tokenizer: Tokenizer, tmp_path: Path, kind: str
) -> None:
    """Read back: the same tokens, logits within what the quantisation does, and written again the same file."""
    path, again = tmp_path / "model.gguf", tmp_path / "again.gguf"
    export(model, small_tokenizer, path, quantization=kind)
    back, made = from_gguf(path)
    assert back.shape == model.shape
    assert [made.encode(text).ids for text in TEXTS] == [small_tokenizer.encode(text).ids for text in TEXTS]
    assert made.decode(made.encode(TEXTS[0]).ids) == small_tokenizer.decode(small_tokenizer.encode(TEXTS[0]).ids)
    largest, divergence = {"F32": (0.0, 0.0), "F16": (0.2, 1e-4), "Q8_0": (3.0, 5e-3)}[kind]
    for text in TEXTS:
        ids = torch.tensor([made.encode(text).ids])
        with torch.no_grad():
            ours, theirs = model(ids), back(ids)
        assert float((ours - theirs).abs().max()) <= largest
        kl = (ours.softmax(-1) * (ours.log_softmax(-1) - theirs.log_softmax(-1))).sum(-1).mean()
        assert float(kl) <= divergence + 1e-7
    export(back, made, again, quantization=kind)
    assert again.read_bytes() == path.read_bytes()


def test_another_make_of_model_is_not_read_back(model: Llama, small_tokenizer: Tokenizer, tmp_path: Path) -> None:
    (tmp_path / "no.gguf").write_bytes(b"GGUF" + bytes(40))
    with pytest.raises(ValueError, match="parkbench forge made"):
        from_gguf(tmp_path / "no.gguf")
    lora.add(low := copy.deepcopy(model), 2)
    lora.export(low, tmp_path / "lora.gguf")
    with pytest.raises(ValueError, match="parkbench forge made"):
        from_gguf(tmp_path / "lora.gguf")
