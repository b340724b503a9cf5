"""The certifier: numbers with intervals that hold whatever the solver did.

from solvers import DiscreteProblem, solve
c = solve(DiscreteProblem(p_X, p_Y, cost), rate=0.5)
c.lower, c.upper, c.status, c.verify()
"""

from solvers.binary_coupling import BinaryCouplingCertificate, binary_coupling
from solvers.binary_label import BinaryLabelCertificate, binary_label
from solvers.blahut_arimoto import RateDistortionCertificate, rate_distortion
from solvers.bootstrap import BootstrapInterval, bootstrap
from solvers.certificate import Certificate, CertificateError
from solvers.codebook import CodebookProblem, digits, problem_from_samples
from solvers.dithered import DitheredCertificate, dithered_rate
from solvers.fano import FanoCertificate, least_error
from solvers.gaussian import GaussianCertificate, solve_gaussian
from solvers.gaussian_grid import solve_gaussian_on_grid
from solvers.gaussian_parallel import GaussianParallelCertificate, solve_gaussian_parallel
from solvers.gaussian_randomness import GaussianRandomnessCertificate, solve_gaussian_randomness
from solvers.gaussian_sdp import GaussianCovarianceCertificate, solve_gaussian_covariance
from solvers.gaussian_sources import GaussianBall, GaussianSource, ParallelGaussianSource, VectorGaussianSource
from solvers.mec import BottleneckCertificate, coupling_with_bottleneck
from solvers.npz import load_ground, load_problem, load_samples
from solvers.oneshot import oneshot_exact
from solvers.perception_ball import Ball, PerceptionCertificate
from solvers.problem import DiscreteProblem
from solvers.rate_perception import RatePerceptionCertificate, rate_distortion_perception
from solvers.samples import SampledProblem
from solvers.solve import solve
from solvers.surface import Surface, solve_surface

__all__ = [
    "Ball",
    "BinaryCouplingCertificate",
    "BinaryLabelCertificate",
    "BootstrapInterval",
    "BottleneckCertificate",
    "Certificate",
    "CertificateError",
    "CodebookProblem",
    "DiscreteProblem",
    "DitheredCertificate",
    "FanoCertificate",
    "GaussianBall",
    "GaussianCertificate",
    "GaussianCovarianceCertificate",
    "GaussianParallelCertificate",
    "GaussianRandomnessCertificate",
    "GaussianSource",
    "ParallelGaussianSource",
    "PerceptionCertificate",
    "RateDistortionCertificate",
    "RatePerceptionCertificate",
    "SampledProblem",
    "Surface",
    "VectorGaussianSource",
    "binary_coupling",
    "binary_label",
    "bootstrap",
    "coupling_with_bottleneck",
    "digits",
    "dithered_rate",
    "least_error",
    "load_ground",
    "load_problem",
    "load_samples",
    "oneshot_exact",
    "problem_from_samples",
    "rate_distortion",
    "rate_distortion_perception",
    "solve",
    "solve_gaussian",
    "solve_gaussian_covariance",
    "solve_gaussian_on_grid",
    "solve_gaussian_parallel",
    "solve_gaussian_randomness",
    "solve_surface",
]
