"""Which numbers to train in: bfloat16 where the processor has it; elsewhere it is emulated, far slower than float32."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

COEFFICIENTS = (3.4445, -4.7750, 2.0315)
"""Of the Newton-Schulz iteration (Jordan et al. 2024, "Muon: An optimizer for hidden layers in neural networks")."""
STEPS = 5
BFLOAT16 = ("avx512_bf16", "amx_bf16")
"""What a processor may have for it. ARM's own is left out: nobody has tried there which is quicker."""


def has_bfloat16(device: torch.device) -> bool:
    """Whether a device multiplies bfloat16 matrices itself."""
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    found = torch.cpu.get_capabilities()
    return any(found.get(name) for name in BFLOAT16)


class Muon32(torch.optim.Muon):
    """PyTorch's Muon, which always orthogonalises in bfloat16, in float32."""

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        """One update of every parameter that has a gradient."""
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is None:
                    continue
                state = self.state[p]
                if not state:
                    state["momentum_buffer"] = torch.zeros_like(p)
                mean = state["momentum_buffer"]
                mean.lerp_(p.grad, 1 - group["momentum"])
                update = orthogonal(p.grad.lerp(mean, group["momentum"]))
                p.mul_(1 - group["lr"] * group["weight_decay"])
                p.add_(update, alpha=-group["lr"] * max(1.0, p.shape[0] / p.shape[1]) ** 0.5)


def orthogonal(x: Tensor) -> Tensor:
    """The nearest matrix whose singular values are about 1, for a matrix [m, n]."""
    a, b, c = COEFFICIENTS
    out = x.T if x.shape[0] > x.shape[1] else x
    out = out / out.norm().clamp(min=1e-7)
    for _ in range(STEPS):
        gram = out @ out.T
        out = torch.addmm(out, torch.addmm(gram, gram, gram, beta=b, alpha=c), out, beta=a)
    return out.T if x.shape[0] > x.shape[1] else out
