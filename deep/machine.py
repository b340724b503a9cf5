"""In words, what a number was computed on: every row of a report says it."""

from __future__ import annotations

import os

import torch

from rdcsym.machine import processor


def machine(device: torch.device) -> str:
    """For instance "CPU, 2 threads of 2 cores, Intel(R) Xeon(R), torch 2.13.0"."""
    if device.type == "cuda":
        return f"{torch.cuda.get_device_name(device)}, torch {torch.__version__}"
    return f"CPU, {torch.get_num_threads()} threads of {os.cpu_count()} cores, {processor()}, torch {torch.__version__}"
