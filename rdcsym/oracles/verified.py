"""A certificate becomes an interval only after its checker has passed it."""

from __future__ import annotations

from typing import Any

from rdcsym.refute import Interval


def verified(certificate: Any, method: str) -> Interval:
    """The certificate's interval, once its independent checker has passed it (it raises otherwise)."""
    certificate.verify()
    return Interval(lower=certificate.lower, upper=certificate.upper, method=method)
