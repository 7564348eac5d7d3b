"""Tables batch by batch: read from files, written beside and moved into place when complete."""

import contextlib
import itertools
import os
import re
import stat
import tempfile
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv, ipc, parquet

from ._columns import empty_batch, without_views

SUFFIXES = {
    ".parquet": "parquet",
    ".pq": "parquet",
    ".csv": "csv",
    ".arrow": "arrow",
    ".feather": "arrow",
    ".ipc": "arrow",
}
Batches = Generator[pa.RecordBatch, None, None]

MOST_ROWS = 1 << 16
MOST_BYTES = 1 << 24
# Of a row group that is written: many small ones cost time and space, above all for their dictionaries.
MOST_ROWS_WRITTEN = 1 << 20
MOST_BYTES_WRITTEN = 1 << 25

# pyarrow's own list without the spellings of NaN: a NaN is a value, not a null.
CSV_NULLS = ["", "#N/A", "#N/A N/A", "#NA", "N/A", "NA", "NULL", "n/a", "null"]


def format_of(path: Path) -> str:
    """The format that the suffix of `path` names."""
    try:
        return SUFFIXES[path.suffix.lower()]
    except KeyError:
        raise ValueError(
            f"{str(path)!r} has the suffix {path.suffix!r}; known are {', '.join(SUFFIXES)}"
        ) from None


class ColumnChangesType(Exception):
    """A column of a CSV file holds, further down, what its inferred type cannot."""

    def __init__(self, name: str) -> None:
        self.name = name


class Source:
    """
    A table, batch by batch.

    Attributes
    ----------
    where : str
        What it is, in words.
    paths : tuple of Path
        The files that are read.
    schema : pyarrow.Schema
    size : int or None
        How long it is, in a unit of its own; None when nobody knows.
    position : int
        How much of it has been read.
    """

    where: str = "the source"
    paths: tuple[Path, ...] = ()
    schema: pa.Schema
    size: int | None = None
    position: int = 0

    def batches(
        self, columns: list[str], batch_rows: int | None = None, condition: pc.Expression | None = None
    ) -> Batches:
        """
        The named columns from the first row to the last, in batches of bounded size.

        There is one batch at least, perhaps without rows. Rows that do not meet `condition` may be left out.
        """
        batch = None
        for batch in self._stored_batches(columns, batch_rows, condition):
            most = batch_rows or MOST_ROWS
            for start in range(0, max(batch.num_rows, 1), most):
                piece = without_views(batch.slice(start, most))
                rows = batch_rows or max(1, MOST_BYTES * piece.num_rows // max(piece.nbytes, 1))
                for first in range(0, max(piece.num_rows, 1), rows):
                    yield piece.slice(first, rows)
        if batch is None:
            yield select(empty_batch(self.schema), columns)

    def _stored_batches(
        self, columns: list[str], batch_rows: int | None, condition: pc.Expression | None
    ) -> Batches:
        raise NotImplementedError


def select(batch: pa.RecordBatch, columns: list[str]) -> pa.RecordBatch:
    # All of them may hold a name twice, which selecting refuses.
    return batch if columns == batch.schema.names else batch.select(columns)


class FileSource(Source):
    """The table of one file; a thread reads one batch ahead."""

    def batches(
        self, columns: list[str], batch_rows: int | None = None, condition: pc.Expression | None = None
    ) -> Batches:
        batches = super().batches(columns, batch_rows, condition)
        with ThreadPoolExecutor(1, "numpy_ext reads") as thread:
            coming = thread.submit(next, batches, None)
            while (batch := self._result(coming)) is not None:
                coming = thread.submit(next, batches, None)
                yield batch

    def _result(self, coming: "Future[Any]") -> pa.RecordBatch | None:
        with _errors_that_name(self.paths[0]):
            return coming.result()


class ParquetSource(FileSource):
    """A Parquet file, measured in rows."""

    def __init__(self, path: Path) -> None:
        # Without pre_buffer and with a small buffer the reader holds pages, not whole row groups.
        self._reader = parquet.ParquetFile(path, pre_buffer=False, buffer_size=1 << 20)
        self.schema = self._reader.schema_arrow
        self.size = self._reader.metadata.num_rows

    def _stored_batches(
        self, columns: list[str], batch_rows: int | None, condition: pc.Expression | None
    ) -> Batches:
        groups = self._row_groups(condition)
        self.size = sum(self._reader.metadata.row_group(group).num_rows for group in groups)
        # By default all, in which names may stand twice.
        chosen = None if columns == self.schema.names else columns
        rows = batch_rows or self._batch_rows(columns)
        for batch in self._reader.iter_batches(batch_size=rows, row_groups=groups, columns=chosen):
            yield batch
            self.position += batch.num_rows

    def _row_groups(self, condition: pc.Expression | None) -> list[int]:
        """The row groups in which rows may meet the condition, by their statistics."""
        every = list(range(self._reader.metadata.num_row_groups))
        if condition is None:
            return every
        from pyarrow import dataset, fs  # slow to import, and seldom needed

        try:
            fragment = dataset.ParquetFileFormat().make_fragment(str(self.paths[0]), fs.LocalFileSystem())
            return [group.id for group in fragment.subset(condition, schema=self.schema).row_groups]
        except pa.ArrowException:  # the condition does not fit the column: told when it is evaluated
            return every

    def _batch_rows(self, columns: list[str]) -> int:
        """So many rows that a batch of these columns stays near MOST_BYTES, judged by their size unpacked."""
        metadata = self._reader.metadata
        unpacked = 0
        for number in range(metadata.num_row_groups):
            group = metadata.row_group(number)
            leaves = (group.column(leaf) for leaf in range(group.num_columns))
            unpacked += sum(leaf.total_uncompressed_size for leaf in leaves if _belongs_to(leaf, columns))
        return max(1, min(MOST_ROWS, MOST_BYTES * metadata.num_rows // max(unpacked, 1)))


def _belongs_to(leaf: parquet.ColumnChunkMetaData, columns: list[str]) -> bool:
    """Whether a stored column is one of `columns` or, of a nested one, a part."""
    return any(leaf.path_in_schema == name or leaf.path_in_schema.startswith(f"{name}.") for name in columns)


class ArrowSource(FileSource):
    """An Arrow file (Feather), measured in stored batches, or an Arrow stream, in bytes."""

    def __init__(self, path: Path) -> None:
        self._file = pa.memory_map(str(path))
        self._is_stream = self._file.read(6) != b"ARROW1"
        self._file.seek(0)
        self._reader = ipc.open_stream(self._file) if self._is_stream else ipc.open_file(self._file)
        self.schema = self._reader.schema
        self.size = self._file.size() if self._is_stream else self._reader.num_record_batches

    def _stored_batches(self, columns: list[str], *_: object) -> Batches:
        if self._is_stream:
            for batch in self._reader:
                self.position = self._file.tell()
                yield select(batch, columns)
            self.position = self._file.size()
        else:
            for number in range(self._reader.num_record_batches):
                self.position = number + 1
                yield select(self._reader.get_batch(number), columns)


class CsvSource(FileSource):
    """A CSV file, measured in bytes. `types` stand in place of what its first block suggests."""

    def __init__(self, path: Path, types: dict[str, pa.DataType]) -> None:
        self._file = pa.OSFile(str(path))
        self._reader = csv.open_csv(
            self._file,
            read_options=csv.ReadOptions(block_size=MOST_BYTES // 4),
            convert_options=csv.ConvertOptions(null_values=CSV_NULLS, column_types=types),
        )
        self.schema = self._reader.schema
        self.size = self._file.size()

    def _stored_batches(self, columns: list[str], *_: object) -> Batches:
        try:
            for batch in self._reader:
                self.position = self._file.tell()
                yield select(batch, columns)
        except pa.ArrowInvalid as error:
            column = re.search(r"In CSV column #(\d+): .*conversion error", str(error))
            if not column:
                raise
            raise ColumnChangesType(self.schema.names[int(column[1])]) from error


def open_file(path: Path, types: dict[str, pa.DataType]) -> FileSource:
    """Open `path` by its suffix. Of CSV columns, `types` fixes those that it names."""
    kind = format_of(path)
    if path.stat().st_size == 0:
        raise ValueError(f"{str(path)!r} is empty")
    with _errors_that_name(path):
        if kind == "parquet":
            source: FileSource = ParquetSource(path)
        elif kind == "csv":
            source = CsvSource(path, types)
        else:
            source = ArrowSource(path)
    source.paths, source.where = (path,), repr(str(path))
    return source


@contextlib.contextmanager
def _errors_that_name(path: Path) -> Iterator[None]:
    """What is wrong with the content of a file says of which file."""
    try:
        yield
    except (pa.ArrowException, OSError) as error:
        if isinstance(error, OSError) and error.errno:
            raise
        raise ValueError(f"{str(path)!r} cannot be read: {error}") from error


class Writer:
    """Writes batches of one schema to `path` in the format `kind`, until its block ends; on a thread."""

    def __init__(self, path: Path, kind: str, schema: pa.Schema) -> None:
        if kind == "parquet":
            self._schema = schema
            self._writer = parquet.ParquetWriter(path, schema)
        else:
            # Neither format can change the values of a dictionary from batch to batch.
            self._schema = pa.schema([_without_dictionary(field) for field in schema], schema.metadata)
            if kind == "csv":
                for field in self._schema:
                    if pa.types.is_nested(field.type):
                        raise ValueError(
                            f"a CSV file cannot hold {field.name!r}, which is of type {field.type}; "
                            "leave it out, or write Parquet or Arrow"
                        )
                self._writer = csv.CSVWriter(path, self._schema)
            else:
                options = ipc.IpcWriteOptions(compression="lz4")
                self._writer = ipc.new_file(str(path), self._schema, options=options)
        self._thread = ThreadPoolExecutor(1, "numpy_ext writes")
        self._writing: Future[Any] | None = None
        self._gathered: list[pa.RecordBatch] = []
        self._rows = self._bytes = 0

    def write(self, batch: pa.RecordBatch) -> None:
        self._gathered.append(batch.cast(self._schema))
        self._rows += batch.num_rows
        self._bytes += batch.nbytes
        if self._rows >= MOST_ROWS_WRITTEN or self._bytes >= MOST_BYTES_WRITTEN:
            self._write_gathered()

    def _write_gathered(self) -> "Future[Any]":
        if self._writing:
            self._writing.result()
        table = pa.Table.from_batches(self._gathered, self._schema)
        self._gathered, self._rows, self._bytes = [], 0, 0
        self._writing = self._thread.submit(self._writer.write_table, table, MOST_ROWS_WRITTEN)
        return self._writing

    def __enter__(self) -> "Writer":
        return self

    def __exit__(self, error: object, *_: object) -> None:
        try:
            if error is None:
                self._write_gathered().result()
        finally:
            self._thread.shutdown()
            # What stopped the writing is worth telling, not that the end cannot be written.
            with contextlib.suppress(*[Exception] if error else []):
                self._writer.close()


def _without_dictionary(field: pa.Field) -> pa.Field:
    return field.with_type(field.type.value_type) if pa.types.is_dictionary(field.type) else field


def write_batches(batches: Iterator[pa.RecordBatch], path: Path, kind: str) -> None:
    """Write batches, one at least, to `path` in the format `kind`."""
    first = next(batches)
    with Writer(path, kind, first.schema) as writer:
        for batch in itertools.chain([first], batches):
            writer.write(batch)


def check_output(path: Path, inputs: Sequence[Path]) -> None:
    """Refuse an output that could not be written, or would replace one of `inputs`."""
    if not path.parent.is_dir():
        raise FileNotFoundError(f"the folder of {str(path)!r} does not exist")
    if path.exists():
        for other in inputs:
            if other.exists() and path.samefile(other):
                raise ValueError(
                    f"{str(path)!r} and {str(other)!r} are the same file; the output needs its own"
                )
        if not path.is_file():
            raise ValueError(f"{str(path)!r} exists and is not a file")
        if not os.access(path, os.W_OK):
            raise PermissionError(f"{str(path)!r} may not be written")


def check_outputs(outputs: Sequence[Path], inputs: Sequence[Path]) -> None:
    """The same for several outputs, of which none may replace another."""
    for number, path in enumerate(outputs):
        check_output(path, [*inputs, *outputs[:number]])
        if path.absolute() in [other.absolute() for other in outputs[:number]]:
            raise ValueError(f"{str(path)!r} is named for two outputs; each needs its own")


@contextlib.contextmanager
def written_beside(path: Path) -> Iterator[Path]:
    """
    Yield a new file beside `path`, moved there when the block ends well and removed when it does not.

    Whatever stood at `path` stays until then. A symbolic link goes on pointing at its target.
    """
    target = Path(os.path.realpath(path))
    try:
        handle, name = tempfile.mkstemp(prefix=f".{target.stem}-", suffix=target.suffix, dir=target.parent)
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from error
    os.close(handle)
    try:
        yield Path(name)
        os.chmod(name, stat.S_IMODE(target.stat().st_mode) if target.exists() else 0o666 & ~_umask())
        with open(name, "rb") as file:
            os.fsync(file.fileno())
        os.replace(name, target)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name)
        raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
