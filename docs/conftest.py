"""The pages as tests: ``pytest --doctest-glob='*.rst' docs``."""

import pytest


@pytest.fixture(autouse=True)
def empty_folder(tmp_path, monkeypatch):
    """The examples write files: every page runs in an empty folder of its own."""
    monkeypatch.chdir(tmp_path)
