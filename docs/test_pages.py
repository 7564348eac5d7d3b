"""Rules for the pages: what can be drawn is drawn, where it is described."""

import re
from pathlib import Path

import pytest
from reference import with_functions

import numpy_ext as nx

DOCS = Path(__file__).parent
PAGES = {path: path.read_text() for path in DOCS.rglob("*.rst")}
# Settings, and columns instead of records: no numbers to draw.
NOT_DRAWN = {"get_include", "show_config", "test", "set_num_threads", "get_num_threads", "num_threads"}
NOT_DRAWN |= {"to_columns", "from_columns", "to_arrow", "from_arrow", "enable_operators", "disable_operators"}
FUNCTIONS = sorted({*nx.__all__, *(f"records.{name}" for name in nx.records.__all__)})


@pytest.mark.parametrize("function", [name for name in FUNCTIONS if name.split(".")[-1] not in NOT_DRAWN])
def test_every_function_has_a_plot_where_it_is_described(function):
    directive = rf"^\.\. autofunction:: numpy_ext\.{re.escape(function)}$"
    pages = [text for text in PAGES.values() if re.search(directive, text, re.MULTILINE)]
    assert len(pages) == 1, f"{len(pages)} pages describe {function}"
    scripts = [(DOCS / name).read_text() for name in re.findall(r"\.\. plot:: (\S+)", pages[0])]
    assert any(re.search(rf"\b{re.escape(function)}\b", script) for script in scripts)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_the_reference_names_every_function(function):
    page = "families/index"
    assert f"<numpy_ext.{function}>" in with_functions(page, PAGES[DOCS / f"{page}.rst"])


def test_no_two_pages_have_one_title():
    titles = re.findall(r"^(.+)\n===+$", "\n".join(PAGES.values()), re.MULTILINE)
    assert len(titles) == len(set(titles)), sorted(titles)


@pytest.mark.parametrize("script", sorted(path.name for path in (DOCS / "plots").glob("*.py")))
def test_every_plot_is_on_a_page(script):
    assert any(f".. plot:: plots/{script}\n" in text for text in PAGES.values())
