"""Every public docstring, as numpydoc validates it."""

import inspect
import types

import numpy as np
import pytest

import numpy_ext as nx

pytest.importorskip("numpydoc", minversion="1.8")
pytest.importorskip("pyarrow")  # stream needs it
from numpydoc.docscrape import get_doc_object
from numpydoc.validate import ERROR_MSGS, Validator, validate

# The only checks that are off, for all alike.
OFF = {
    "ES01",  # no extended summary: where one sentence says all, a second would repeat it
    "SA01",  # no See Also: not everything has a kin
    "EX01",  # no Examples: test_house.py demands them of the functions; a method shows in those of its class
}
MODULES = [nx, nx.plugins, nx.records, nx.testing, nx.stream]
try:
    import numpy_ext.dask
except ImportError:  # a lane without Dask
    pass
else:
    MODULES.append(nx.dask)


def public():
    for module in MODULES:
        for name in module.__all__:
            thing = getattr(module, name)
            path = f"{module.__name__}.{name}"
            yield pytest.param(thing, id=path)
            if isinstance(thing, type):
                for member, what in vars(thing).items():
                    is_ours = callable(what) or isinstance(what, property | classmethod | staticmethod)
                    if is_ours and not member.startswith("_"):
                        yield pytest.param(getattr(thing, member), id=f"{path}.{member}")


class OurText(Validator):
    """NumPy begins the docstring of a ufunc with lines of its own; the text after its first line is ours."""

    def __init__(self, obj_name):
        thing = obj_name
        doc = thing.__doc__ or ""
        if isinstance(thing, np.ufunc):
            doc = "\n" + doc.split("\n\n", 2)[2]
        super().__init__(get_doc_object(thing, doc=inspect.cleandoc(doc)))
        self.raw_doc = doc


@pytest.mark.parametrize("thing", list(public()))
def test_numpydoc_finds_nothing(thing):
    found = validate(thing, OurText)["errors"]
    assert [(code, said) for code, said in found if code not in OFF] == []


def test_only_known_checks_are_off():
    assert set(ERROR_MSGS) >= OFF


@pytest.mark.parametrize(
    ("doc", "code"),
    [
        ("\n    No full stop\n    ", "SS03"),
        ("\n    Finds it.\n    ", "SS05"),
        ("\n    Find it.\n    ", "PR01"),
    ],
)
def test_numpydoc_finds_what_is_wrong(doc, code):
    def thing(x):
        return x

    thing.__doc__ = doc
    assert code in {found for found, _ in validate(thing, OurText)["errors"]}
    assert isinstance(thing, types.FunctionType)
