"""Float32 in the place of bfloat16: the same optimiser, for processors that would have to emulate the other."""

from __future__ import annotations

import pytest
import torch

from game.forge.precision import Muon32, has_bfloat16, orthogonal


@pytest.mark.parametrize("size", [(64, 64), (96, 32), (32, 96)])
def test_what_is_orthogonal_has_singular_values_near_one(size: tuple[int, int]) -> None:
    made = torch.linalg.svdvals(orthogonal(torch.randn(size, generator=torch.Generator().manual_seed(1))))
    assert 0.3 < made.min() <= made.max() < 1.4
    assert made.mean() == pytest.approx(1, abs=0.25)


def test_muon_in_float32_does_what_pytorchs_does_in_bfloat16() -> None:
    noise = torch.Generator().manual_seed(2)
    start = [torch.randn(96, 32, generator=noise), torch.randn(32, 48, generator=noise)]
    theirs, ours = ([torch.nn.Parameter(x.clone()) for x in start] for _ in range(2))
    settings = {"lr": 0.1, "weight_decay": 0.01, "momentum": 0.95}
    optimizers = torch.optim.Muon(theirs, **settings), Muon32(ours, **settings)
    for _ in range(4):
        for a, b in zip(theirs, ours, strict=True):
            a.grad = torch.randn(a.shape, generator=noise)
            b.grad = a.grad.clone()
        for optimizer in optimizers:
            optimizer.step()
    for a, b, before in zip(theirs, ours, start, strict=True):
        assert (a - b).abs().max() < 0.05 * (a - before).abs().max()
    # A checkpoint of one is a checkpoint of the other.
    optimizers[0].load_state_dict(optimizers[1].state_dict())


def test_a_parameter_without_a_gradient_stays_as_it_is() -> None:
    still = torch.nn.Parameter(torch.ones(8, 8))
    Muon32([still]).step()
    assert torch.equal(still, torch.ones(8, 8))


def test_a_processor_says_whether_it_has_bfloat16(monkeypatch: pytest.MonkeyPatch) -> None:
    found = {"avx2": True, "avx512_bf16": False, "amx_bf16": False, "cpu_name": "a laptop's"}
    monkeypatch.setattr("torch.cpu.get_capabilities", lambda: found)
    assert not has_bfloat16(torch.device("cpu"))
    found["avx512_bf16"] = True
    assert has_bfloat16(torch.device("cpu"))
