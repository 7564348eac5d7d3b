"""Tables in files: read batch by batch, written beside and moved into place when complete."""

import contextlib
import os
import re
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
from pyarrow import csv, ipc, parquet

SUFFIXES = {
    ".parquet": "parquet",
    ".pq": "parquet",
    ".csv": "csv",
    ".arrow": "arrow",
    ".feather": "arrow",
    ".ipc": "arrow",
}
MOST_ROWS = 1 << 17
MOST_BYTES = 1 << 24

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
    The table of one file, batch by batch.

    Attributes
    ----------
    path : Path
    schema : pyarrow.Schema
    size, position : int
        How long the file is and how much of it has been read, in a unit of the format's own.
    """

    path: Path
    schema: pa.Schema
    size: int
    position: int = 0

    def batches(self, columns: list[str]) -> Iterator[pa.RecordBatch]:
        """The named columns from the first row to the last, in batches of bounded size."""
        stored = self._stored_batches(columns)
        while True:
            with _errors_that_name(self.path):
                batch = next(stored, None)
            if batch is None:
                return
            rows = min(MOST_ROWS, max(1, MOST_BYTES * batch.num_rows // max(batch.nbytes, 1)))
            for start in range(0, batch.num_rows, rows):
                yield batch.slice(start, rows)

    def _stored_batches(self, columns: list[str]) -> Iterator[pa.RecordBatch]:
        raise NotImplementedError


class ParquetSource(Source):
    """A Parquet file, measured in rows."""

    def __init__(self, path: Path) -> None:
        # Without pre_buffer and with a small buffer the reader holds pages, not whole row groups.
        self._reader = parquet.ParquetFile(path, pre_buffer=False, buffer_size=1 << 20)
        self.schema = self._reader.schema_arrow
        self.size = self._reader.metadata.num_rows

    def _stored_batches(self, columns: list[str]) -> Iterator[pa.RecordBatch]:
        # By default all, in which names may stand twice.
        chosen = None if columns == self.schema.names else columns
        for batch in self._reader.iter_batches(batch_size=self._batch_rows(columns), columns=chosen):
            self.position += batch.num_rows
            yield batch

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


def _select(batch: pa.RecordBatch, columns: list[str]) -> pa.RecordBatch:
    # All of them may hold a name twice, which selecting refuses.
    return batch if columns == batch.schema.names else batch.select(columns)


class ArrowSource(Source):
    """An Arrow file (Feather), measured in stored batches, or an Arrow stream, in bytes."""

    def __init__(self, path: Path) -> None:
        self._file = pa.memory_map(str(path))
        self._is_stream = self._file.read(6) != b"ARROW1"
        self._file.seek(0)
        self._reader = ipc.open_stream(self._file) if self._is_stream else ipc.open_file(self._file)
        self.schema = self._reader.schema
        self.size = self._file.size() if self._is_stream else self._reader.num_record_batches

    def _stored_batches(self, columns: list[str]) -> Iterator[pa.RecordBatch]:
        if self._is_stream:
            for batch in self._reader:
                self.position = self._file.tell()
                yield _select(batch, columns)
            self.position = self.size
        else:
            for number in range(self.size):
                self.position = number + 1
                yield _select(self._reader.get_batch(number), columns)


class CsvSource(Source):
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

    def _stored_batches(self, columns: list[str]) -> Iterator[pa.RecordBatch]:
        try:
            for batch in self._reader:
                self.position = self._file.tell()
                yield _select(batch, columns)
        except pa.ArrowInvalid as error:
            column = re.search(r"In CSV column #(\d+): .*conversion error", str(error))
            if not column:
                raise
            raise ColumnChangesType(self.schema.names[int(column[1])]) from error


def open_source(path: Path, types: dict[str, pa.DataType]) -> Source:
    """Open `path` by its suffix. Of CSV columns, `types` fixes those that it names."""
    kind = format_of(path)
    if path.stat().st_size == 0:
        raise ValueError(f"{str(path)!r} is empty")
    with _errors_that_name(path):
        if kind == "parquet":
            source: Source = ParquetSource(path)
        elif kind == "csv":
            source = CsvSource(path, types)
        else:
            source = ArrowSource(path)
    source.path = path
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
    """Writes batches of one schema to `path` in the format `kind`, until the end of its block."""

    def __init__(self, path: Path, kind: str, schema: pa.Schema) -> None:
        if kind == "parquet":
            self._schema = schema
            self._writer = parquet.ParquetWriter(path, schema)
        else:
            # Neither format can change the values of a dictionary from batch to batch.
            self._schema = pa.schema([_without_dictionary(field) for field in schema], schema.metadata)
            if kind == "csv":
                self._writer = csv.CSVWriter(path, self._schema)
            else:
                options = ipc.IpcWriteOptions(compression="lz4")
                self._writer = ipc.new_file(str(path), self._schema, options=options)

    def write(self, batch: pa.RecordBatch) -> None:
        self._writer.write_batch(batch.cast(self._schema))

    def __enter__(self) -> "Writer":
        return self

    def __exit__(self, *error: object) -> None:
        self._writer.close()


def _without_dictionary(field: pa.Field) -> pa.Field:
    return field.with_type(field.type.value_type) if pa.types.is_dictionary(field.type) else field


def check_output(path: Path, inputs: list[Path]) -> None:
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
