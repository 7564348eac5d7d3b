"""The rules of the house, as assertions: one name in five places, no list kept by hand far from its loops."""

import json
import operator
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import numpy_ext as nx
import numpy_ext._new

ROOT = Path(__file__).resolve().parent.parent
UFUNCS = [name for name in nx._ufuncs.__all__ if isinstance(getattr(nx, name), np.ufunc)]
ROOMS = sorted(
    path.stem for path in (ROOT / "src").glob("*.c") if f"\nNX_FAMILY({path.stem})" in path.read_text()
)


def text(path):
    return (ROOT / path).read_text()


def family_of(name):
    """The room whose table names the ufunc."""
    found = [room for room in ROOMS if f'{{"{name}", {name}_doc,' in text(f"src/{room}.c")]
    assert len(found) == 1, f"{name} stands in the tables of {found}"
    return found[0]


def names(word, path):
    return re.search(rf"\b{word}\b", text(path))


def test_everything_that_c_exports_is_a_ufunc_and_public():
    assert sorted(UFUNCS) == sorted(nx._ufuncs.__all__)
    assert set(UFUNCS) < set(nx.__all__)
    assert all(hasattr(nx, name) for name in nx.__all__)


@pytest.mark.parametrize("name", UFUNCS)
@pytest.mark.parametrize(
    "place", ["tests/test_{}.py", "docs/families/{}.rst", "bench/bench_{}.py", "bench/cases/{}.py"]
)
def test_every_ufunc_is_tested_documented_and_benchmarked(name, place):
    path = place.format(family_of(name))
    assert names(name, path), f"{path} does not name {name}"


@pytest.mark.parametrize("room", ROOMS)
def test_the_benchmarks_of_a_family_cover_every_dtype_and_size(room):
    for word in ("dtypes_of", "SIZES"):
        assert names(word, f"bench/bench_{room}.py"), f"bench/bench_{room}.py: no {word}"


@pytest.mark.parametrize("path", sorted((ROOT / "bench").glob("bench_*.py")), ids=lambda path: path.stem)
def test_benchmarks_follow_time_and_memory(path):
    assert "def time_" in path.read_text()
    assert "def peakmem_" in path.read_text()


def test_the_published_run_has_all_cases_and_every_ufunc():
    path = ROOT / "docs/benchmarks.json"
    assert path.exists(), "make it with `make bench-report`, on a machine at rest"
    run = json.loads(path.read_text())
    assert run["method"]["rounds"] > 1, "a quick run measures nothing"
    with_cases = {
        file.stem for file in (ROOT / "bench/cases").glob("*.py") if "\ndef cases(" in file.read_text()
    }
    assert {case["family"] for case in run["cases"]} == with_cases
    measured = [case["name"] for case in run["cases"]]
    assert len(set(measured)) == len(measured)
    for name in UFUNCS:
        assert re.search(rf"\b{name}\b", " ".join(measured)), f"no case of {name}: make bench-report"


@pytest.mark.parametrize("room", ROOMS)
def test_every_family_stands_in_the_table_of_the_readme_and_of_the_reference(room):
    assert re.search(rf"^\| `{room}\(", text("README.md"), re.MULTILINE)
    assert re.search(rf"^   {room}$", text("docs/families/index.rst"), re.MULTILINE)


def test_every_file_of_c_is_compiled_and_every_family_is_a_room():
    families = re.search(r"families = \[(.*?)\]", text("meson.build"), re.DOTALL)[1]
    assert re.findall(r"'(\w+)'", families) == ROOMS
    compiled = {f"{room}.c" for room in ROOMS} | set(re.findall(r"\b\w+\.c\b", text("meson.build")))
    assert {path.name for path in (ROOT / "src").glob("*.c")} == compiled


def test_files_of_c_stay_small_and_are_explained():
    explained = text("src/README.md")
    headers = (ROOT / "numpy_ext/include/numpy_ext").glob("*.h")
    for path in [*(ROOT / "src").glob("*.[ch]"), *headers]:
        assert len(path.read_text().splitlines()) <= 400, f"{path.name}: split it"
        is_part = any(path.name.startswith(f"{room}_") for room in [*ROOMS, "records"])
        name = path.name if path.parent.name == "src" else f"numpy_ext/{path.name}"
        assert is_part or f"`{name}`" in explained, f"src/README.md does not tell what {path.name} is"


def test_every_test_file_mirrors_a_source():
    modules = {path.stem.strip("_") for path in (ROOT / "numpy_ext").glob("*.py")}
    packages = {path.parent.name for path in (ROOT / "numpy_ext").glob("*/__init__.py")}
    parts = {f"{path.parent.name}{path.stem}" for path in (ROOT / "numpy_ext").glob("*/_[a-z]*.py")}
    for path in (ROOT / "tests").glob("test_*.py"):
        subject = path.stem.removeprefix("test_")
        assert subject in {
            *ROOMS,
            *modules,
            *packages,
            *parts,
            "module",
            "house",
            "conformance",
            "types",
            "docstrings",
        }, f"{path.name} mirrors no source"


def test_the_stub_names_what_is_public():
    stub = text("numpy_ext/__init__.pyi")
    ufuncs = re.findall(r"^([a-z]\w*): _[A-Z]\w+(?:\[.*\])?$", text("numpy_ext/_ufuncs.pyi"), re.MULTILINE)
    functions = re.findall(r"^(?:from \.\w+ import|def) ([a-z]\w*)(?: as \1$|\()", stub, re.MULTILINE)
    assert sorted(set(ufuncs) - {"record_ufuncs"}) == sorted(UFUNCS)
    assert sorted([*UFUNCS, *functions]) == sorted(nx.__all__)


@pytest.mark.parametrize(
    "name", [*UFUNCS, "add_power", *(f"records.{name}" for name in nx._ufuncs.record_ufuncs)]
)
def test_the_type_of_every_ufunc_is_tested(name):
    assert re.search(
        rf"assert_type\(\s*nx\.{name}\(|^power = nx\.{name}\(", text("tests/typed/calls.py"), re.MULTILINE
    )


@pytest.mark.parametrize("name", ["", "plugins", "records", "stream", "dask", "testing"])
def test_completion_shows_public_names_alone(name):
    try:
        module = operator.attrgetter(name)(nx) if name else nx
    except ImportError:
        pytest.skip(f"{name} needs what this lane has not")
    modules = set() if name else {"dask", "plugins", "records", "stream", "testing"}
    shown = {shown for shown in dir(module) if not (shown.startswith("__") and shown.endswith("__"))}
    assert shown == {*module.__all__, *modules}
    assert {"__doc__", "__name__", "__all__"} <= set(dir(module))


@pytest.mark.parametrize("name", UFUNCS)
def test_the_first_line_of_a_docstring_names_each_input(name):
    ufunc = getattr(nx, name)
    ours = ufunc.__doc__.split("\n\n")[1]
    inputs = re.fullmatch(rf"{name}\((\w+(?:, \w+)*), /, \.\.\.\)", ours)[1].split(", ")
    assert len(inputs) == ufunc.nin
    for word in inputs:
        assert re.search(rf"^{word} : ", ufunc.__doc__, re.MULTILINE), f"{word} has no entry under Parameters"


def test_everything_for_records_is_tested_documented_and_benchmarked():
    tests = " ".join(text(f"tests/{path.name}") for path in (ROOT / "tests").glob("test_records*.py"))
    for name in nx.records.__all__:
        assert re.search(rf"\b{name}\b", tests), f"no test names records.{name}"
        assert names(name, "docs/records.rst"), f"docs/records.rst does not name {name}"
        assert names(name, "bench/bench_records.py"), f"bench/bench_records.py does not name {name}"


@pytest.mark.parametrize("name", nx.__all__ + [f"records.{name}" for name in nx.records.__all__])
def test_a_docstring_has_the_sections_of_numpydoc(name):
    doc = operator.attrgetter(name)(nx).__doc__
    needed = ["Notes", "Examples"]
    if not name.endswith("_operators") and not name.startswith("set_"):  # these return nothing
        needed += ["Returns"]
    if name in UFUNCS or name.startswith("records."):
        needed += ["Raises", "See Also"]
    if name in UFUNCS:
        needed += ["Parameters"]
    for section in needed:
        assert f"\n{section}\n{'-' * len(section)}\n" in re.sub(r"\n +", "\n", doc), (
            f"{name} has no section {section}"
        )
    assert ">>> " in doc


def test_the_example_builds_as_what_new_writes():
    for name in ("meson.build", "pyproject.toml"):
        assert text(f"examples/plugin/{name}") == text(f"numpy_ext/template/{name}")


def test_new_writes_every_file_of_the_template():
    template = ROOT / "numpy_ext/template"
    assert sorted(path.name for path in template.iterdir() if path.is_file()) == sorted(nx._new.FILES)


def in_the_repository(path):
    """The text of a file that an sdist leaves out."""
    if not (ROOT / ".ci").exists():
        pytest.skip("this is an sdist")
    return text(path)


def test_one_version():
    version = re.search(r"version: '([^']+)'", text("meson.build"))[1]
    assert nx.__version__ == version
    cited = re.search(r"^version: (\S+)\ndate-released: (\S+)$", text("CITATION.cff"), re.MULTILINE)
    released = re.search(r"^## (\d\S*) - (\S+)$", text("CHANGELOG.md"), re.MULTILINE)
    assert cited.groups() == released.groups() == (version, released[2])


def test_packages_have_that_version():
    assert in_the_repository("debian/changelog").startswith(f"numpy-ext ({nx.__version__}-")
    assert f'version: "{nx.__version__}"\n' in in_the_repository("conda/recipe/recipe.yaml")


def test_packages_need_at_run_time_what_pyproject_says():
    pyproject = text("pyproject.toml")
    needs = re.findall(r'"(.+?)"', re.search(r"^dependencies = \[(.*?)\]", pyproject, re.MULTILINE)[1])
    python = re.search(r'^requires-python = "(.+)"', pyproject, re.MULTILINE)[1]
    numpy = re.fullmatch(r"numpy>=([\d.]+)", "".join(needs))[1]
    recipe = in_the_repository("conda/recipe/recipe.yaml")
    run = re.search(r"^  run:\n((?:    - .+\n)+)", recipe, re.MULTILINE)[1]
    assert re.findall(r"- (.+)", run) == [f"python {python}", f"numpy >={numpy}"]
    assert f"python3-numpy (>= 1:{numpy})" in in_the_repository("debian/control").split("\nPackage: ")[1]


def test_the_import_loads_no_other_package_but_numpy(tmp_path):
    code = "import numpy, sys; before = {*sys.modules}; import numpy_ext; print(*{*sys.modules} - before)"
    run = [sys.executable, "-c", code]
    loaded = set(subprocess.run(run, cwd=tmp_path, capture_output=True, text=True, check=True).stdout.split())
    assert "numpy.typing" not in loaded
    assert {name.split(".")[0] for name in loaded} <= {"numpy", "numpy_ext", *sys.stdlib_module_names}


def test_the_readme_begins_with_two_commands():
    blocks = re.findall(r"```sh\n(.*?)```", text("README.md"), re.DOTALL)
    assert len(blocks) >= 2
    assert "make demo" in blocks[0]
    assert "make test" in blocks[1]
    assert all(len(block.strip().splitlines()) == 1 for block in blocks[:2])


def test_ci_runs_the_test_command_of_the_readme():
    command = in_the_repository(".ci/test-command")
    assert "README.md" in command
    for path in (".ci/run", ".github/workflows/ci.yml"):
        assert 'bash -c "$(.ci/test-command)"' in in_the_repository(path)
    printed = subprocess.run([ROOT / ".ci/test-command"], capture_output=True, text=True, check=True).stdout
    assert printed == re.findall(r"```sh\n(.*?)```", text("README.md"), re.DOTALL)[1]


def test_only_the_job_that_publishes_may_more_than_read():
    for path in (ROOT / ".github/workflows").glob("*.yml"):
        workflow = in_the_repository(path.relative_to(ROOT))
        assert re.search(r"^permissions: \{\}$", workflow, re.MULTILINE)
        granted = re.findall(r"^    permissions:\n((?:      .+\n)+)", workflow, re.MULTILINE)
        assert len(granted) == workflow.count("runs-on:")
        more = [lines.split("#")[0].strip() for lines in granted if lines != "      contents: read\n"]
        assert more == (["id-token: write"] if path.name == "wheels.yml" else [])
        for action in re.findall(r"uses: (.+)", workflow):
            assert re.fullmatch(r"[\w/-]+@[0-9a-f]{40} # v[\d.]+", action), f"{action} is no commit"


def test_no_stored_plans():
    folders = ("src", "numpy_ext", "tests", "bench", "bench/cases", "docs", "docs/guide", "docs/families")
    for folder in folders:
        for path in (ROOT / folder).iterdir():
            if path.suffix in {".c", ".h", ".py", ".pyi", ".rst", ".rs"} and path != Path(__file__):
                assert not re.search(r"\b(TODO|FIXME|XXX)\b", path.read_text()), path
