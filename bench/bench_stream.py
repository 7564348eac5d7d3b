import tempfile
from pathlib import Path

import numpy as np
import pyarrow as pa
from pyarrow import parquet

from numpy_ext import stream

from .data import normal

ROWS = 4_000_000


class Files:
    """A Parquet file of 64 MB; reading and writing it with pyarrow alone stands beside."""

    def setup(self):
        self.folder = tempfile.TemporaryDirectory()
        self.path = Path(self.folder.name) / "in.parquet"
        self.out = Path(self.folder.name) / "out.parquet"
        keys = np.arange(ROWS) % 1000
        table = pa.table({"key": keys, "x": normal(ROWS)})
        parquet.write_table(table, self.path)

    def teardown(self):
        self.folder.cleanup()

    def time_score(self):
        stream.scan(self.path).score("x").write(self.out)

    def time_score_by(self):
        stream.scan(self.path).score("x", by="key").write(self.out)

    def time_pyarrow_reads_and_writes(self):
        file = parquet.ParquetFile(self.path)
        with parquet.ParquetWriter(
            self.out, file.schema_arrow.append(pa.field("score", pa.float64()))
        ) as writer:
            for batch in file.iter_batches(batch_size=1 << 20):
                writer.write_batch(batch.append_column("score", batch["x"]))

    def time_pow_sum(self):
        stream.scan(self.path).pow_sum("x", 1.5)

    def time_group_mean(self):
        stream.scan(self.path).group_mean("x", by="key")

    def time_filter_by_expression(self):
        stream.scan(self.path).filter(("x", ">", 1)).count("x")

    def time_filter_by_function(self):
        stream.scan(self.path).filter(lambda x: x > 1, "x").count("x")

    def peakmem_score(self):
        stream.scan(self.path).score("x").write(self.out)


class Arrays:
    def setup(self):
        self.x = normal(ROWS)

    def time_filter_map_to_numpy(self):
        stream.scan(self.x).filter(lambda x: x > 0).map(np.sqrt).to_numpy()
