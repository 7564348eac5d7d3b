"""Records of any dtype in any memory, and what NumPy makes of them field by field: shared by the tests."""

import numpy as np

import numpy_ext as nx
from numpy_ext import records

NUMPY_2 = np.lib.NumpyVersion(np.__version__) >= "2.0.0"
LETTERS = "?bBhHiIlLqQefdgFDG"
BINARY = ["add", "subtract", "multiply", "divide"]

# ---- What NumPy makes of it ----


def fields(array, path=()):
    """Each field of numbers as a view, by the names on the way to it; subarrays are dimensions at the end."""
    for name in array.dtype.names:
        field = array[name]
        if field.dtype.names is None:
            yield (*path, name), field
        else:
            yield from fields(field, (*path, name))


def records_inside(array):
    """Each field that holds records, as a view."""
    for name in array.dtype.names:
        field = array[name]
        if field.dtype.names is not None:
            yield field
            yield from records_inside(field)


def columns(array):
    """The same as contiguous native copies."""
    return {
        path: np.ascontiguousarray(field.astype(field.dtype.newbyteorder("="))).reshape(field.shape)
        for path, field in fields(array)
    }


def has_fields(operand):
    return getattr(getattr(operand, "dtype", None), "names", None) is not None


def product(x, y, common):
    """The complex product of the textbook; NumPy's own may fuse on some CPUs."""
    x, y = np.asarray(x).astype(common), np.asarray(y).astype(common)
    out = np.empty(np.broadcast_shapes(x.shape, y.shape), common)
    out.real = x.real * y.real - x.imag * y.imag
    out.imag = x.real * y.imag + x.imag * y.real
    return out


def compute(name, *args):
    """The function on numbers."""
    with np.errstate(all="ignore"):
        common = np.result_type(*args)
        if name == "axpy":
            if not NUMPY_2:  # by value, and in the order of the loops: another type than that of ``a*x + y``
                common = nx.axpy(*args).dtype
            a, x, y = (np.asarray(arg).astype(common) for arg in args)
            return product(a, x, common) + y if common.kind == "c" else a * x + y
        if name == "multiply" and common.kind == "c":
            return product(*args, common)
        return getattr(np, name)(*args)


def expected_fields(name, *operands):
    """The result by path. Numbers stay as they are, since they promote by what they are."""
    shape = np.broadcast_shapes(*(np.shape(operand) for operand in operands))
    parts = [
        columns(np.broadcast_to(np.asarray(operand), shape or (1,))) if has_fields(operand) else operand
        for operand in operands
    ]
    first = next(part for part in parts if isinstance(part, dict))
    result = {}
    for path, column in first.items():
        inner = column.ndim - len(shape or (1,))
        args = []
        for part in parts:
            if isinstance(part, dict):
                args.append(part[path])
            elif np.ndim(part):
                args.append(np.reshape(part, np.shape(part) + (1,) * inner))
            else:
                args.append(part)
        value = np.broadcast_to(compute(name, *args), column.shape)
        result[path] = value if shape else value[0]
    return result


def assert_fields(actual, expected, same_bits):
    """Records hold these numbers under these names, in native dtypes."""
    actual = np.asarray(actual)
    found = dict(fields(actual[None]))
    assert found.keys() == expected.keys()
    for path, value in expected.items():
        try:
            same_bits(found[path][0], value)
        except AssertionError as error:
            raise AssertionError(f"field {path}: {error}") from None


# ---- Dtypes ----


def draw_schema(rng, depth=3, letters=LETTERS):
    """Names, each with a type of numbers or a schema, and the shape of a subarray."""
    names = rng.sample(["x", "y", "z", "t", "größe", "a b", "f0", "", "name", "X.y"], rng.randint(1, 6))
    schema = {}
    for name in names:
        nested = depth > 1 and rng.random() < 0.2
        kind = draw_schema(rng, depth - 1, letters) if nested else rng.choice(letters)
        shape = rng.choice([(), (), (), (1,), (3,), (2, 2), (0,), (2, 0)])
        schema[name] = kind, shape
    return schema


def draw_dtype(rng, schema, other_type=None, extra=()):
    """A dtype of the schema: any order, offsets, alignment, byte order and titles."""
    names = rng.sample(list(schema), len(schema))
    formats = []
    for name in names:
        kind, shape = schema[name]
        if isinstance(kind, dict):
            dtype = draw_dtype(rng, kind, other_type)
        else:
            dtype = np.dtype(other_type(kind) if other_type else kind)
            if rng.random() < 0.25:
                dtype = dtype.newbyteorder("S")
        formats.append((dtype, shape) if shape else dtype)
    for number, dtype in enumerate(extra):
        place = rng.randint(0, len(names))
        names.insert(place, f"extra {number}")
        formats.insert(place, dtype)
    parts = {"names": names, "formats": formats}
    if rng.random() < 0.2:
        parts["titles"] = [rng.choice([None, f"title of {name}"]) for name in names]
    how = rng.choice(["packed", "aligned", "gaps"])
    if how == "gaps":
        parts |= draw_offsets(rng, [np.dtype(one).itemsize for one in formats])
    return np.dtype(parts, align=how == "aligned")


def draw_offsets(rng, sizes):
    """Offsets in any order of the fields, with gaps, and padding at the end."""
    offsets, end = [0] * len(sizes), 0
    for i in rng.sample(range(len(sizes)), len(sizes)):
        offsets[i] = end + rng.randint(0, 5)
        end = offsets[i] + sizes[i]
    return {"offsets": offsets, "itemsize": end + rng.randint(0, 5)}


# ---- Arrays ----


def values(dtype, shape, seed):
    """Numbers of all sizes, and the special ones."""
    random = np.random.default_rng(seed)
    kind = np.dtype(dtype).kind
    if kind == "b":
        return random.random(shape) < 0.5
    if kind in "iu":
        limits = np.iinfo(dtype)
        ints = random.integers(limits.min, limits.max, shape, dtype, endpoint=True)
        return np.where(random.random(shape) < 0.5, ints % 5, ints).astype(dtype)

    def reals():
        some = random.normal(size=shape) * 10.0 ** random.integers(-3, 4, shape)
        special = random.choice([0.0, -0.0, np.nan, np.inf, -np.inf, 6e-8, 1.0, 60000.0], shape)
        return np.where(random.random(shape) < 0.2, special, some)

    if kind == "c":
        out = np.empty(shape, dtype)
        out.real, out.imag = reals(), reals()
        return out
    return reals().astype(dtype)


def fill(array, seed, make=values):
    for number, (_, field) in enumerate(fields(array[None])):
        field[...] = make(field.dtype.newbyteorder("="), field.shape, (seed, number))
    return array


LAYOUTS = ["C", "F", "strided", "reversed", "unaligned"]


def place(dtype, shape, layout, byte=0):
    """An array of that layout and the memory around it, all of which begins as `byte`."""
    size = int(np.prod(shape, dtype=int))
    if layout == "strided":
        memory = np.full(2 * size * dtype.itemsize + 3, byte, "u1")
        wide = np.ndarray((*shape[:-1], 2 * shape[-1]) if shape else (), dtype, memory.data, 3)
        return (wide[..., ::2] if shape else wide), memory
    start = 1 if layout == "unaligned" else 0
    memory = np.full(size * dtype.itemsize + start + 64, byte, "u1")
    array = np.ndarray(shape, dtype, memory.data, start, order="F" if layout == "F" else "C")
    return (array[::-1] if layout == "reversed" and shape else array), memory


def draw_array(rng, dtype, shape, names=None):
    """Records of the dtype, or a view of these fields of theirs."""
    if rng.random() < 0.15:
        smaller = tuple(1 if rng.random() < 0.5 else n for n in shape)
        shape = smaller[rng.randint(0, len(smaller)) :] if smaller else shape
    array, _ = place(dtype, shape, rng.choice(LAYOUTS), rng.randint(0, 255))
    if names is not None:
        array = array[rng.sample(names, len(names))]
    return fill(array, rng.randint(0, 10**6))


def named_bytes(dtype, shape, layout, names=None):
    """Which bytes of `place` belong to fields."""
    array, memory = place(dtype, shape, layout)
    array = (array if names is None else array[names])[None]
    named = [field for _, field in fields(array)]
    if np.lib.NumpyVersion(np.__version__) >= "2.5.0":  # copies aligned records with their padding
        named += [field for field in records_inside(array) if field.dtype.isalignedstruct]
    for field in named:
        size = field.dtype.itemsize
        field.view(f"V{size}")[...] = np.void(b"\xff" * size)
    return memory != 0


def function(name):
    return nx.axpy if name == "axpy" else getattr(records, name)
