"""Formulas for the refutation tests: planted faults, each with the true formula that it spoils, and true formulas."""

from __future__ import annotations

from typing import NamedTuple

from rdcsym import theorem
from rdcsym.latex import render_lines


class Sample(NamedTuple):
    theorem: str
    formula: str
    claim: str = "exact"
    where: str | None = None


IND = "q_X + q_Y - 2*q_X*q_Y"
SPREAD = "2*q_X*(1 - q_X)"
SMALL = "q_Y <= q_X <= 1/2 & 0 < q_X"
BERNOULLI = f"Piecewise((oo, C < C_min), ({IND} - {SPREAD}*R/H_b(q_X), R < kappa*H_b(q_X)), (abs(q_X - q_Y), True))"
GAP = "(mu_X - mu_Y)^2"
GAUSSIAN = f"oo if C < C_min else {GAP} + sigma_X^2 + sigma_Y^2 - 2*sigma_X*sigma_Y*sqrt(1 - 2^(-2*R))"
DUAL = "Piecewise((oo, C < C_min | D < D_least), (Max(R_D, R_C), True))"
BALL = "r = sqrt(1 - 2^(-2*R)); oo if C < C_min else (2^(-2*R)*sigma_X^2 if s <= r*sigma_X else s^2 + sigma_X^2 - 2*s*sigma_X*r)"
W2 = f"s = Max(0, sigma_X - sqrt(P)); {BALL}"
KL = f"s = sigma_X*sqrt(-LambertW(-exp(-2*P*log(2) - 1))); {BALL}"
SHANNON = "Max(0, H_b(q_X) - H_b(D)) if D < Min(q_X, 1 - q_X) else 0"
NORMAL = "Max(0, log2(sigma_X^2/D)/2)"
FANO = "(C - 1)/log2(M - 1)"
RATE = "Piecewise((oo, C < C_min | D < D_tradeoff), (H_b(q_X)*Max(w_C, w_D), True))"


SEEN = "H_b(q_S) - Min(kappa, w_R)*(H_b(q_S) - H_b(q_S1))"  # least H(S|Y,U): a classifier without the seed is left with more


def changed(formula: str, old: str, new: str) -> str:
    assert old in formula
    return formula.replace(old, new)


FAULTS = {
    "wrong sign": Sample("drc-bernoulli-oneshot", changed(BERNOULLI, f"- {SPREAD}", f"+ {SPREAD}"), where=SMALL),
    "missing factor 2": Sample("drc-bernoulli-oneshot", changed(BERNOULLI, "- 2*q_X*(1", "- q_X*(1"), where=SMALL),
    "D_min ignored": Sample("drc-bernoulli-oneshot", f"oo if C < C_min else {IND} - {SPREAD}*Min(1, R/H_b(q_X))", where=SMALL),
    "entropy of the wrong argument": Sample("drc-bernoulli-oneshot", changed(BERNOULLI, "R/H_b(q_X)", "R/H_b(2*q_X*(1 - q_X))"), where=SMALL),
    "wrong rate threshold": Sample("drc-bernoulli-oneshot", changed(BERNOULLI, "R < kappa*H_b(q_X)", "R < H_b(q_X)"), where=SMALL),
    "jump at the wrong C": Sample("drc-bernoulli-oneshot", changed(BERNOULLI, "C < C_min", "C < H_b(q_S1)"), where=SMALL),
    "the seed is not seen": Sample("drc-bernoulli-oneshot-seed-blind", changed(BERNOULLI, "C < C_min", f"C < {SEEN}"), where=SMALL),
    "q_Y for q_X": Sample("rdc-bernoulli-oneshot", changed(RATE, "H_b(q_X)", "H_b(q_Y)")),
    "min for max": Sample("rdc-gaussian", changed(DUAL, "Max(R_D", "Min(R_D")),
    "nats for bits": Sample("drc-gaussian", changed(GAUSSIAN, "2^(-2*R)", "exp(-2*R)")),
    "root dropped": Sample("drc-gaussian", changed(GAUSSIAN, "sqrt(1 - 2^(-2*R))", "(1 - 2^(-2*R))")),
    "mean gap forgotten": Sample("drc-gaussian", changed(GAUSSIAN, f"{GAP} + ", "")),
    "exponent off by one": Sample("drc-gaussian", changed(GAUSSIAN, "2^(-2*R)", "2^(-R)")),
    "dropped regime": Sample("drc-gaussian", changed(GAUSSIAN, "oo if C < C_min else ", "")),
    "swapped variances": Sample("drpc-gaussian-w2", changed(W2, "2^(-2*R)*sigma_X^2 if", "2^(-2*R)*s^2 if")),
    "radius squared": Sample("drpc-gaussian-w2", changed(W2, "sqrt(P)", "P")),
    "radius in nats": Sample("drpc-gaussian-kl", changed(KL, "P*log(2)", "P")),
    "wrong base of the logarithm": Sample("rd-gaussian", changed(NORMAL, "log2", "log")),
    "deviation for variance": Sample("rd-gaussian", changed(NORMAL, "sigma_X^2", "sigma_X")),
    "floor at 0 dropped": Sample("rd-bernoulli", "H_b(q_X) - H_b(D)", where="D <= 1/2"),
    "entropies in nats": Sample("rd-bernoulli", changed(SHANNON, "Max(0, H_b(q_X) - H_b(D))", "log(2)*(H_b(q_X) - H_b(D))")),
    "a bound said to be exact": Sample("fano", FANO, where="M > 2 & C > 1"),
    "a lower bound too high": Sample("fano", "C/log2(M)", "lower"),
    "an upper bound too low": Sample("drc-gaussian", f"{GAP} + (sigma_X - sigma_Y)^2", "upper"),
    "Theorem 2 as published": Sample("drc-bernoulli-oneshot", render_lines(theorem("drc-bernoulli-oneshot").published)[0].replace("> t", r"> h_S - \frac{R}{h_X}(h_S - h_{S|X})").replace(r"D_{\mathrm{ind}}", "(q_X + q_Y - 2 q_X q_Y)"), where="0 < q_X <= 1/2 & q_Y <= 1/2 & q_S1 < 1/2"),
}  # fmt: skip

TRUTHS = {
    "Bernoulli in the paper's words": Sample("drc-bernoulli-oneshot", BERNOULLI, where=SMALL),
    "the same as LaTeX": Sample(
        "drc-bernoulli-oneshot",
        r"""D(R, C) = \begin{cases} \infty, & C < C_{\min} \\ q_X + q_Y - 2 q_X q_Y - \frac{2 q_X (1 - q_X) R}{H_b(q_X)}, & R < \kappa H_b(q_X) \\
            |q_X - q_Y| & \text{otherwise} \end{cases}""",
        where=r"q_Y \le q_X \le \frac12 \wedge 0 < q_X",
    ),
    "Bernoulli rate": Sample("rdc-bernoulli-oneshot", RATE),
    "Gaussian": Sample("drc-gaussian", GAUSSIAN, where="sigma_Y > 0"),
    "Gaussian, loss written out": Sample("drc-gaussian", changed(GAUSSIAN, "C < C_min", "C < h_S + log2(1 - rho_S2*(1 - 2^(-2*R)))/2"), where="sigma_Y > 0"),
    "Gaussian, squares gathered": Sample("drc-gaussian", rf"{GAP} + (\sigma_X - \sigma_Y)^2 + 2\sigma_X\sigma_Y\left(1 - \sqrt{{1 - 2^{{-2R}}}}\right)".replace("mu", r"\mu"), where="C >= C_min"),
    "Gaussian rate": Sample("rdc-gaussian", DUAL),
    "W2 ball": Sample("drpc-gaussian-w2", W2),
    "KL ball": Sample("drpc-gaussian-kl", KL),
    "Shannon, binary": Sample("rd-bernoulli", SHANNON),
    "Shannon, binary, as a floor": Sample("rd-bernoulli", "Max(0, H_b(q_X) - H_b(Min(D, 1/2)))"),
    "Shannon, Gaussian": Sample("rd-gaussian", NORMAL),
    "Shannon, Gaussian, natural logarithms": Sample("rd-gaussian", "Piecewise((0, D >= sigma_X^2), (oo, D == 0), ((ln(sigma_X) - ln(D)/2)/ln(2), True))"),
    "Fano's bound": Sample("fano", FANO, "lower", "M > 2"),
    "a trivial lower bound": Sample("drc-bernoulli-oneshot", "abs(q_X - q_Y)", "lower"),
    "a trivial upper bound": Sample("drc-bernoulli-oneshot", IND, "upper", "C >= 1"),
    "transport below": Sample("drc-gaussian", f"{GAP} + (sigma_X - sigma_Y)^2", "lower"),
    "independence above": Sample("drc-gaussian", f"{GAP} + sigma_X^2 + sigma_Y^2", "upper", "C >= h_S"),
    "data processing": Sample("rdc-gaussian", "h_S - C", "lower"),
    "entropy difference below": Sample("rd-bernoulli", "H_b(q_X) - H_b(D)", "lower", "D <= 1/2"),
    "infinity above": Sample("drpc-gaussian-kl", "oo", "upper"),
    "a loss without the seed forbids more": Sample("drc-bernoulli-oneshot-seed-blind", changed(BERNOULLI, "C < C_min", f"C < {SEEN}"), "lower", SMALL),
}  # fmt: skip
