"""The precision of mpmath and python-flint is set for one thread at a time, and everywhere by the two functions that see to it."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import flint
import mpmath
import pytest

from rdcsym.precision import PRECISION_LOCK, working_digits
from solvers.precision import working_precision

ROOT = Path(__file__).parents[2]


def _free() -> bool:
    """Whether another thread could set a precision now."""
    if not PRECISION_LOCK.acquire(blocking=False):
        return False
    PRECISION_LOCK.release()
    return True


@pytest.mark.parametrize("entered", [lambda: working_digits(40), lambda: working_precision(300)], ids=["mpmath", "flint"])
def test_other_threads_wait_for_their_turn(entered) -> None:
    with ThreadPoolExecutor(1) as other:
        with entered():
            assert not other.submit(_free).result()
        assert other.submit(_free).result()
        with pytest.raises(ZeroDivisionError), entered():
            _ = 1 / 0
        assert other.submit(_free).result()


def test_precisions_are_set_nested_and_restored() -> None:
    bits, digits = flint.ctx.prec, mpmath.mp.dps
    with working_precision(300), working_digits(40), working_precision(200):
        assert (flint.ctx.prec, mpmath.mp.dps) == (200, 40)
    assert (flint.ctx.prec, mpmath.mp.dps) == (bits, digits)


def test_no_other_code_sets_a_precision() -> None:
    setting = re.compile(r"\b(workprec|workdps|extraprec|extradps)\(|\b(ctx|mp|iv)\.(prec|dps)\s*=[^=]")
    found = [
        str(path.relative_to(ROOT))
        for room in ("rdcsym", "solvers", "deep")
        for path in sorted((ROOT / room).rglob("*.py"))
        if setting.search(path.read_text(encoding="utf-8"))
    ]
    assert found == ["rdcsym/precision.py", "solvers/precision.py"]
