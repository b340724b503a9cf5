"""Operating points of learned codecs against the certified limits of their sources.

points = [read_run("RUN")] + read_csv("points.csv", source={"kind": "gauss-vector", "sigma_X": [1.0], "sigma_Y": [1.0]})
compare(points, limit).beyond
"""

from deep.compare.comparison import Comparison, Curve, Surface, TaskComparison, compare, work
from deep.compare.csv_points import read_csv, write_csv
from deep.compare.grid import SampleGrid, Samples, read_samples, sample_grid
from deep.compare.groups import Group, grouped
from deep.compare.points import Point, Quantity, checked_source, point_from_json, read_run
from deep.compare.reference import Reference, cached_transport, empirical_transport, task_images
from deep.compare.verdicts import Bound, Judged, LimitOf, judge

__all__ = [
    "Bound",
    "Comparison",
    "Curve",
    "Group",
    "Judged",
    "LimitOf",
    "Point",
    "Quantity",
    "Reference",
    "SampleGrid",
    "Samples",
    "Surface",
    "TaskComparison",
    "cached_transport",
    "checked_source",
    "compare",
    "empirical_transport",
    "grouped",
    "judge",
    "point_from_json",
    "read_csv",
    "read_run",
    "read_samples",
    "sample_grid",
    "task_images",
    "work",
    "write_csv",
]
