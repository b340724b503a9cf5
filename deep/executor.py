"""Where the points of a sweep run; see `rdcsym.executor`, which the solvers use too."""

from __future__ import annotations

from rdcsym.executor import ProcessPerJob, cores, dask, local

__all__ = ["ProcessPerJob", "cores", "dask", "local"]
