"""rd-gaussian-dithered: what a dithered lattice quantizer with an entropy coder needs beyond Shannon's rate.

X ~ N(mu_X, sigma_X^2), squared error D. Scale X by a, quantize with subtractive dither, scale by a again (a^2 = 1 - D/sigma_X^2, the
Wiener gain). The rate, entropy of the lattice point given the dither, is at most R(D) + 1/2 log2(2 pi e G) bits a dimension, G the
lattice's normalised second moment. Kind: upper. Source: Ziv 1985; Zamir and Feder 1992, 1996.
"""

from __future__ import annotations

import sympy as sp

from rdcsym.form import UNIFORM, Form, Parameter, Regime
from rdcsym.information import log2
from rdcsym.problem import Problem
from rdcsym.proof import Case, Derivation, Identity, Lemma, Sign, Step
from rdcsym.theorem import Example, Theorem
from rdcsym.theorems._gaussian import INF, MEAN_X, SIGMA_X, D, sigma_X

G = sp.Symbol("G", positive=True)
BALL = 1 / (2 * sp.pi * sp.E)  # the limit of balls in many dimensions: no cell has less
SCALAR = sp.Rational(1, 12)

DISTORTION = Parameter(
    size=0,
    symbol=D,
    low=0,
    high=INF,
    unit="squared units",
    meaning="E (X-Y)^2 a dimension",
    draw=sp.Rational(6, 5) * UNIFORM * sigma_X**2,
)
SECOND_MOMENT = Parameter(
    symbol=G,
    low=float(BALL),
    high=float(SCALAR),
    meaning="normalised second moment of the lattice (1/12 scalar, 929/12960 E8, .0658 Leech)",
    draw=SCALAR,  # the solver encloses the scalar quantizer's own rate; of other lattices it knows the bound only
    default=float(SCALAR),
)

CERTIFIED = Form(
    value="R(D)",
    parameters=(DISTORTION, MEAN_X, SIGMA_X, SECOND_MOMENT),
    definitions=(),
    regimes=(
        Regime("zero-rate", sp.sqrt(D) >= sigma_X, sp.Integer(0)),
        Regime("lossless", D <= 0, sp.oo),
        Regime("distortion-limited", sp.true, log2(sigma_X) - log2(D) / 2 + log2(2 * sp.pi * sp.E * G) / 2),
    ),
    kind="upper",
    source="Ziv 1985; Zamir and Feder 1992, IEEE Trans. IT 38, and 1996, IEEE Trans. IT 42",
    remark=(
        "An upper bound on the rate of the scheme, so on what one lattice achieves; tight as D -> 0, loose by 1/2 log2(2 pi e G) as "
        "D -> sigma_X^2. The redundancy is at most .2546 bit for G = 1/12. Without the scaling, for every source and every D, the "
        "scalar quantizer needs at most 1/2 log2(4 pi e/12) = .7546 bit more than R(D) (Ziv 1985; cited, not checked here)."
    ),
)


def _derivation() -> Derivation:
    regime = "distortion-limited"
    s, d, n, z, width = sp.symbols("sigma_X D n x Delta", positive=True)
    gain = 1 - d / s**2  # a^2
    gaussian = log2(2 * sp.pi * sp.E * s**2) / 2
    volume = log2((d / G) ** (n / 2)) / n  # log of the cell's volume a dimension, from D = G V^(2/n)
    bound = log2(s) - log2(d) / 2 + log2(2 * sp.pi * sp.E * G) / 2
    steps: list[Step] = [
        Lemma(
            "",
            "with subtractive dither the error N is uniform on the cell and independent of X, and the entropy coder's mean rate is "
            "I(aX; aX + N) = h(aX + N) - h(N)",
            "Zamir and Feder 1992, Theorem 1; Ziv 1985",
        ),
        Lemma(
            regime,
            "the Gaussian has the largest entropy at a given variance: h(aX + N) <= 1/2 log2(2 pi e Var)",
            "Cover and Thomas, Theorem 8.6.5",
        ),
        Identity(
            regime,
            "the distortion of Y = mu_X + a (a (X - mu_X) + N) is D",
            (1 - gain) ** 2 * s**2 + gain * d,
            d,
        ),
        Identity(regime, "the variance of aX + N is sigma_X^2", gain * s**2 + d, s**2),
        Sign(regime, "a^2 >= 0 for D <= sigma_X^2", gain, ((s**2 - d, s**-2),), given=(s**2 - d,)),
        Identity(
            regime,
            "h(N) = log2 V / n = 1/2 log2(D/G) a dimension, as G = D / V^(2/n)",
            sp.expand_log(volume, force=True),
            sp.expand_log(log2(d / G) / 2, force=True),
        ),
        Identity(
            regime,
            "the bound h(aX + N) - h(N)",
            sp.expand_log(gaussian - log2(d / G) / 2, force=True),
            sp.expand_log(bound, force=True),
        ),
        Identity(
            regime,
            "its excess over Shannon's rate",
            sp.expand_log(bound - log2(s**2 / d) / 2, force=True),
            sp.expand_log(log2(2 * sp.pi * sp.E * G) / 2, force=True),
        ),
        Identity(
            regime,
            "an interval has G = 1/12",
            sp.Integral(z**2, (z, -width / 2, width / 2)) / width / width**2,
            SCALAR,
        ),
        Case(regime, "assume", bound, given=(s - sp.sqrt(d),), positive=(d,)),
        Identity("lossless", "as D -> 0 the bound grows without end (its inverse vanishes)", sp.limit(1 / bound.subs(G, SCALAR).subs(s, 1), d, 0), 0),
        Case("lossless", "assume", sp.oo, given=(-D,)),
        Identity("zero-rate", "Y = mu_X has distortion sigma_X^2 and rate 0 (a = 0 at D = sigma_X^2)", gain.subs(d, s**2), 0),
        Case("zero-rate", "assume", sp.S.Zero, given=(sp.sqrt(D) - sigma_X,)),
    ]  # fmt: skip
    return Derivation(steps)


THEOREM = Theorem(
    name="rd-gaussian-dithered",
    title="Rate of entropy-coded dithered quantization of a Gaussian source, squared error",
    problem=Problem(
        value="rate", source="gaussian", setting="oneshot", distortion="squared error", constraints=("D",), output="free"
    ),
    certified=CERTIFIED,
    derivation=_derivation(),
    examples=(Example(D, 0.01, 1.2, {"sigma_X": 1.0}),),
    boundaries=((D, sigma_X**2), (D, sp.S.Zero), (sigma_X, sp.S.Zero), (G, BALL), (G, SCALAR)),
)
