"""The trained codec of the Gaussian task: gains, a dithered lattice, and the monotone map onto the given output law.

Encoder: q = nearest lattice point to gain X + U. Decoder: z = q - U, which is gain X + N with N uniform on the lattice's cell and
independent of X, then Y = F_Y^-1(F_z(z)) with F_z the law of one coordinate of z. So Y_i has the given law N(0, sigma_Y,i^2),
exactly for the scalar lattice and up to `error_law`'s accuracy for E8, whatever the gains are. The dither has 2^24 levels, shared
through the seed and not clipped; only its leading bits pick tables. A component with gain 0 costs no bits: both ends know its
lattice point, and its Y is made of the shared dither alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.special import ndtr, ndtri

from deep.dither import IntArray, dither_rows
from deep.entropy_coder import SymbolReader, SymbolWriter
from deep.synthetic.e8_coder import read_e8, write_e8
from deep.synthetic.e8_tables import E8Tables, e8_tables
from deep.synthetic.lattice import SIDE, ErrorLaw, Lattice, error_law, nearest_e8
from deep.synthetic.scalar_tables import ROWS, reach, scalar_tables
from deep.tables import Tables, bits
from rdcsym.problem import FloatArray

BYTES: Final = 3  # of a dither value
FINE: Final = 1 << 8 * BYTES
DENSITY_AT_0: Final = float(1 / np.sqrt(2 * np.pi))


@dataclass(frozen=True, eq=False)
class GaussCodec:
    """sigma_X, sigma_Y, gains, spreads: (n,). gain 0: no information. spreads matter for E8 only. tables: of the active ones."""

    lattice: Lattice
    sigma_X: FloatArray
    sigma_Y: FloatArray
    gains: FloatArray
    spreads: FloatArray
    tables: Tables | E8Tables | None  # None: no component is active

    @property
    def active(self) -> IntArray:
        """Numbers of the components that carry information."""
        return np.flatnonzero(self.gains > 0)

    def encode(self, x: FloatArray, seed: int) -> tuple[bytes, FloatArray]:
        """Payload of x (N, n), and its exact cost: bits of each vector (N,), or of each eight of them (ceil(N/8),) for E8."""
        writer = SymbolWriter()
        on = self.active
        fine = self._fine(len(x), seed)[..., on]
        limit = np.array([reach(s) for s in self.gains[on] * self.sigma_X[on]])
        scaled = np.clip(x[:, on] * self.gains[on], -limit, limit)
        if not on.size:
            return b"", np.zeros(fine.shape[0])
        if isinstance(self.tables, Tables):
            symbols = np.rint(scaled + _shift(fine)).astype(np.int64)
            index = np.arange(on.size) * ROWS + fine // (FINE // ROWS)
            writer.write(symbols, self.tables, index)
            cost = bits(self.tables, symbols, index).sum(1)
        else:
            assert isinstance(self.tables, E8Tables)
            padded = np.zeros((fine.shape[0] * SIDE, on.size))
            padded[: len(x)] = scaled
            points = _points(padded.reshape(fine.shape) + _wide_shift(fine))
            cost = write_e8(writer, self.tables, points, *_wide_rows(fine)).sum(1)
        return writer.finish(), cost

    def decode(self, payload: bytes, count: int, seed: int) -> FloatArray:
        """Y (count, n), float32 values. Raises InputError where the payload is not of this model, count and seed."""
        reader = SymbolReader(payload)
        fine = self._fine(count, seed)
        on = self.active
        if self.lattice == "scalar":
            z = np.rint(_shift(fine)) - _shift(fine)
            if isinstance(self.tables, Tables):
                index = np.arange(on.size) * ROWS + fine[:, on] // (FINE // ROWS)
                z[:, on] = reader.read(self.tables, index) - _shift(fine[:, on])
        else:
            shift = _wide_shift(fine)
            z = _points(shift) / 2 - shift
            if isinstance(self.tables, E8Tables):
                z[..., on] = read_e8(reader, self.tables, *_wide_rows(fine[..., on])) / 2 - shift[..., on]
            z = z.reshape(-1, len(self.gains))[:count]
        reader.finish()
        return output(z, self.gains * self.sigma_X, self.sigma_Y, error_law(self.lattice)).astype(np.float32).astype(np.float64)

    def _fine(self, count: int, seed: int) -> IntArray:
        """Dither levels 0..FINE-1: (count, n), or (blocks, 8, n) for E8."""
        n = len(self.gains)
        width = n if self.lattice == "scalar" else n * SIDE
        groups = count if self.lattice == "scalar" else -(-count // SIDE)
        parts = dither_rows(seed, 0, groups, width * BYTES, 256).reshape(groups, width, BYTES)
        fine = (parts[..., 0] * 256 + parts[..., 1]) * 256 + parts[..., 2]
        return fine if self.lattice == "scalar" else fine.reshape(groups, SIDE, n)


def gauss_codec(lattice: Lattice, sigma_X: FloatArray, sigma_Y: FloatArray, gains: FloatArray, spreads: FloatArray) -> GaussCodec:
    """The codec with tables made for these gains and spreads (each (n,))."""
    on = np.flatnonzero(gains > 0)
    deviations = (gains * sigma_X)[on]
    tables: Tables | E8Tables | None = None
    if on.size:
        tables = scalar_tables(deviations) if lattice == "scalar" else e8_tables(spreads[on], deviations)
    return GaussCodec(lattice, sigma_X, sigma_Y, gains, spreads, tables)


def output(z: FloatArray, deviations: FloatArray, sigma_Y: FloatArray, law: ErrorLaw) -> FloatArray:
    """Y = F_Y^-1(F_z(z)), z (N, n) = Gaussian of the given deviations (n,), zeros included, plus an error of this law."""
    y = np.empty_like(z)
    for i, (s, tau) in enumerate(zip(deviations, sigma_Y, strict=True)):
        lower = np.clip(_distribution(-np.abs(z[:, i]), float(s), law), 1e-300, 0.5)
        y[:, i] = -np.sign(z[:, i]) * tau * ndtri(lower)
    return y


def _distribution(t: FloatArray, s: float, law: ErrorLaw) -> FloatArray:
    """P(s G + N <= t), G standard normal: the bins' uniform laws, each smoothed."""
    value = np.zeros_like(t)
    for low, high, weight in zip(law.edges[:-1], law.edges[1:], law.weights, strict=True):
        value += weight / (high - low) * (_ramp(t - low, s) - _ramp(t - high, s))
    return value


def _ramp(t: FloatArray, s: float) -> FloatArray:
    """E max(0, t - s G): the integral of the normal distribution function."""
    a = t / s if s > 0 else np.where(t > 0, np.inf, -np.inf)
    return np.asarray(t * ndtr(a) + s * DENSITY_AT_0 * np.exp(-(a**2) / 2), dtype=np.float64)


def _points(v: FloatArray) -> IntArray:
    """Twice the points of E8 nearest to v, whose coordinates lie on axis 1."""
    return np.rint(2 * np.moveaxis(nearest_e8(np.moveaxis(v, 1, -1)), -1, 1)).astype(np.int64)


def _shift(fine: IntArray) -> FloatArray:
    """Dither in (-1/2, 1/2)."""
    return np.asarray((fine + 0.5) / FINE - 0.5, dtype=np.float64)


def _wide_shift(fine: IntArray) -> FloatArray:
    """Dither in (-1, 1): uniform modulo 2, so uniform modulo E8, which holds all vectors of even coordinates."""
    return np.asarray((fine + 0.5) * (2 / FINE) - 1.0, dtype=np.float64)


def _wide_rows(fine: IntArray) -> tuple[IntArray, IntArray]:
    """Rows and floors of the wide shift."""
    position = fine // (FINE // (2 * ROWS))
    return position % ROWS, position // ROWS - 1
