"""Several processes at one training, as torchrun starts them: gradients are averaged, nothing else is shared.

One process (the usual case) costs nothing. Averaging by hand instead of wrapping the networks keeps the critic's second
derivatives simple.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass

import torch
import torch.distributed as dist
from torch import Tensor


@dataclass(frozen=True)
class Processes:
    """This process's place among those that train together."""

    rank: int = 0
    ranks: int = 1
    local_rank: int = 0
    started: bool = False

    @classmethod
    def join(cls) -> Processes:
        """Read torchrun's environment (RANK, WORLD_SIZE, LOCAL_RANK) and meet the others; alone where it is not set."""
        ranks = int(os.environ.get("WORLD_SIZE", "1"))
        if ranks == 1:
            return cls()
        ours = not dist.is_initialized()
        if ours:
            dist.init_process_group("nccl" if torch.cuda.is_available() else "gloo")
        return cls(dist.get_rank(), ranks, int(os.environ.get("LOCAL_RANK", "0")), ours)

    def leave(self) -> None:
        """Part from the others."""
        if self.started:
            dist.destroy_process_group()

    def device(self, wanted: torch.device) -> torch.device:
        """Each process has a GPU of its own."""
        return torch.device("cuda", self.local_rank) if self.ranks > 1 and wanted.type == "cuda" else wanted

    def average_gradients(self, parameters: Iterable[Tensor]) -> None:
        """Replace each gradient by its mean over the processes, in one message."""
        if self.ranks == 1:
            return
        gradients = [p.grad for p in parameters if p.grad is not None]
        flat = torch.cat([g.flatten() for g in gradients])
        dist.all_reduce(flat)
        for gradient, part in zip(gradients, torch.split(flat / self.ranks, [g.numel() for g in gradients]), strict=True):
            gradient.copy_(part.view_as(gradient))

    def mean(self, value: Tensor) -> Tensor:
        """The mean of a number over the processes."""
        if self.ranks > 1:
            value = value.clone()
            dist.all_reduce(value)
            value /= self.ranks
        return value
