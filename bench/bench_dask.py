import dask.array as da

import numpy_ext as nx
import numpy_ext.dask as nxd

from .data import KINDS, normal

N, CHUNK = 4_000_000, 500_000


class RollingScoreOfChunks:
    """On threads of one process; chunks lie in memory."""

    params = tuple(KINDS)
    param_names = ("kind",)

    def setup(self, kind):
        self.x = da.from_array(KINDS[kind](N), chunks=CHUNK).persist()

    def time_rolling_score(self, kind):
        nxd.rolling_score(self.x).persist(scheduler="threads")

    def time_each_chunk_by_itself(self, kind):
        """Wrong at every seam: what cannot be beaten."""
        da.map_blocks(nx.rolling_score, self.x, dtype=float).persist(scheduler="threads")

    def time_rechunked_to_one(self, kind):
        nx.rolling_score(self.x.rechunk(-1)).persist(scheduler="threads")

    def peakmem_rolling_score(self, kind):
        nxd.rolling_score(self.x).persist(scheduler="threads")


class SumsOfChunks:
    def setup(self):
        self.x = da.from_array(normal(N), chunks=CHUNK).persist()
        self.w = self.x.rechunk(CHUNK // 2).persist()
        self.labels = (self.x * 10).astype(int).clip(-1, 99).persist()

    def compute(self, collection):
        collection.compute(scheduler="threads")

    def time_pow_sum(self):
        self.compute(nxd.pow_sum(self.x, 1.5))

    def time_abs_pow_sum(self):
        self.compute(nxd.abs_pow_sum(self.x, 1.5))

    def time_weighted_sum(self):
        self.compute(nxd.weighted_sum(self.w, self.x))

    def time_group_sum(self):
        self.compute(nxd.group_sum(self.x, self.labels, 100))

    def time_group_sum_of_integers(self):
        self.compute(nxd.group_sum(self.labels, self.labels, 100))

    def time_group_mean(self):
        self.compute(nxd.group_mean(self.x, self.labels, 100))

    def time_group_count(self):
        self.compute(nxd.group_count(self.labels, 100))

    def peakmem_pow_sum(self):
        self.compute(nxd.pow_sum(self.x, 1.5))
