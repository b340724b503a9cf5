"""The experiment: learned codecs that write real files, measured against the certified limits.

train (`deep.train.train`), write and read files (`deep.coding`), measure (`deep.operating_point.measure`), compare with the
limit of the source (`deep.compare`, `deep.limits`). Nothing here is imported before it is used: training needs torch, NumPy,
SciPy and SymPy only.
"""
