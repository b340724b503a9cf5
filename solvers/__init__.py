"""The certifier: numbers with intervals that hold whatever the solver did.

from solvers import DiscreteProblem, solve
c = solve(DiscreteProblem(p_X, p_Y, cost), rate=0.5)
c.lower, c.upper, c.status, c.verify()
"""

from solvers.blahut_arimoto import RateDistortionCertificate, rate_distortion
from solvers.certificate import Certificate, CertificateError
from solvers.codebook import CodebookProblem, digits, problem_from_samples
from solvers.fano import FanoCertificate, least_error
from solvers.gaussian import GaussianCertificate, solve_gaussian
from solvers.gaussian_grid import solve_gaussian_on_grid
from solvers.npz import load_problem, load_samples
from solvers.oneshot import oneshot_exact
from solvers.problem import DiscreteProblem
from solvers.solve import solve

__all__ = [
    "Certificate",
    "CertificateError",
    "CodebookProblem",
    "DiscreteProblem",
    "FanoCertificate",
    "GaussianCertificate",
    "RateDistortionCertificate",
    "digits",
    "least_error",
    "load_problem",
    "load_samples",
    "oneshot_exact",
    "problem_from_samples",
    "rate_distortion",
    "solve",
    "solve_gaussian",
    "solve_gaussian_on_grid",
]
