import re
from pathlib import Path

import numpy as np
import pytest

import numpy_ext as nx


def test_show_config_prints_every_entry(capsys):
    assert nx.show_config() is None
    printed = capsys.readouterr().out
    for section, entries in nx.show_config(mode="dicts").items():
        assert f"{section}:\n" in printed
        for name in entries:
            assert f"  {name}: " in printed


def test_show_config_names_versions_level_and_threads():
    config = nx.show_config(mode="dicts")
    assert config["versions"]["numpy_ext"] == nx.__version__
    assert config["versions"]["numpy"] == np.__version__
    assert config["cpu"]["level"] in config["cpu"]["levels"]
    assert config["threads"]["number"] == nx.get_num_threads()
    assert config["threads"]["library"] in ("OpenMP", "none")


def test_show_config_refuses_another_mode():
    with pytest.raises(ValueError, match="mode is 'json'; it must be 'stdout' or 'dicts'"):
        nx.show_config(mode="json")


def test_the_examples_of_every_docstring_pass(capsys):
    assert nx.test()
    assert capsys.readouterr().out.endswith(" examples passed, 0 failed\n")


def test_a_wrong_example_is_told(capsys, monkeypatch):
    monkeypatch.setattr(nx, "__all__", ["wrong"])
    monkeypatch.setattr(nx, "wrong", type("wrong", (), {"__doc__": ">>> 1 + 1\n3\n"}), raising=False)
    assert not nx.test()
    assert capsys.readouterr().out.endswith("0 examples passed, 1 failed\n")


def test_the_headers_are_where_get_include_says():
    headers = Path(nx.get_include()) / "numpy_ext"
    assert {"ufunc.h", "each.h", "elementwise.h", "module.h"} <= {path.name for path in headers.iterdir()}


def test_pkg_config_has_the_flags_of_every_level():
    path = Path(nx.get_include()) / "numpy_ext.pc"
    if not path.exists():
        pytest.skip("a build in place has no numpy_ext.pc")
    entries = dict(re.findall(r"^(\w+)[=:] ?(.*)$", path.read_text(), re.MULTILINE))
    assert entries["Version"] == nx.__version__
    assert entries["includedir"] == "${pcfiledir}"
    assert "-I${includedir} -ffp-contract=off " in entries["Cflags"]
    levels = [*entries["levels"].split(), "baseline"]
    assert [level for level in levels if level in nx._ufuncs.cpu_levels] == nx._ufuncs.cpu_levels
    for level in levels[:-1]:
        assert re.match(rf"-DNX_LEVEL={level} -m\w+", entries[f"level_{level}"])
