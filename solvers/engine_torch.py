"""The engine's plan on a GPU, or on torch's CPU: the moments of `NumpyKernel` in double precision, the cost copied there once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from scipy.linalg import LinAlgError

from rdcsym.problem import FloatArray, InputError
from solvers.engine_kernel import LEAST, RIDGE, SINGLE


class TorchKernel:
    """See `engine_kernel.Kernel`. Vectors come and go as NumPy arrays; matrices stay on the device."""

    def __init__(self, p: FloatArray, q: FloatArray, cost: FloatArray, device: str) -> None:
        if device == "cuda" and not torch.cuda.is_available():
            raise InputError("device", device, "is not at hand: torch sees no GPU", "use device='cpu'")
        self._device = torch.device("cpu" if device == "torch" else device)
        self.p, self.q = p, q
        self._p, self._c = self._there(p), self._there(cost)
        self._log_q = self._there(np.log(q))
        self._plan = torch.empty_like(self._c)
        self.beta = 0.0
        self.phi = np.zeros(p.size)
        self.columns = q
        self.drift = np.zeros(q.size)
        self.cost = self.spread = self.information = 0.0

    def build(self, beta: float, psi: FloatArray) -> None:
        plan = self._plan
        torch.mul(self._c, -beta, out=plan)
        plan += self._there(psi) + self._log_q
        top = plan.max(dim=1, keepdim=True).values
        plan -= top
        plan.exp_()
        sums = plan.sum(dim=1, keepdim=True)
        plan *= self._p[:, None] / sums
        weighted = plan * self._c
        mean = weighted.sum(dim=1) / self._p
        costs = weighted.sum(dim=0)
        weighted *= self._c
        self.beta = beta
        self.phi = self._here(-(top + sums.log())[:, 0])
        self.columns = self._here(plan.sum(dim=0))
        self.drift = self._here(costs - mean @ plan)
        self.cost = float(costs.sum())
        self.spread = float((weighted.sum(dim=1) - self._p * mean * mean).sum())
        self.information = float(self.p @ self.phi + self.columns @ psi - beta * self.cost)

    def times(self, z: FloatArray) -> FloatArray:
        return self._here(self._plan @ self._there(z))

    def transposed_times(self, z: FloatArray) -> FloatArray:
        return self._here(self._there(z) @ self._plan)

    def factor(self) -> Callable[[FloatArray], FloatArray]:
        """See `NumpyKernel.factor`."""
        kind = torch.float32 if self.q.size > SINGLE else torch.float64
        scale = self._there(np.sqrt(np.maximum(self.columns, LEAST)))
        scaled = (self._plan / (self._p.sqrt()[:, None] * scale)).to(kind)
        gram = scaled.T @ scaled
        del scaled
        constant = (scale / scale.square().sum().sqrt()).to(kind)
        gram = torch.outer(constant, constant) - gram
        gram.diagonal().add_(1 + (RIDGE if kind is torch.float32 else 1e-13))
        lower, failed = torch.linalg.cholesky_ex(gram)
        if int(failed) != 0:
            raise LinAlgError("Newton's matrix is too near to singular for its precision")

        def solve(r: FloatArray) -> FloatArray:
            right = (self._there(r.reshape(r.shape[0], -1)) / scale[:, None]).to(kind)
            return self._here(torch.cholesky_solve(right, lower).double() / scale[:, None]).reshape(r.shape)

        return solve

    def _there(self, x: FloatArray) -> torch.Tensor:
        return torch.as_tensor(np.ascontiguousarray(x), dtype=torch.float64).to(self._device)

    def _here(self, x: torch.Tensor) -> FloatArray:
        array: Any = x.cpu().numpy()
        return np.asarray(array, dtype=np.float64)
