"""Where a benchmark ran: the machine, and the version of all that took part."""

import datetime
import os
import platform
import shutil
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy_ext as nx

CPU = Path("/sys/devices/system/cpu/cpu0")
PACKAGES = (
    "numpy",
    "numba",
    "numbagg",
    "numexpr",
    "scipy",
    "pandas",
    "polars",
    "pyarrow",
    "duckdb",
    "dask",
)
COMPILERS = {"C": "gcc", "Rust": "rustc"}


def read(path: Path) -> str:
    return path.read_text().strip() if path.exists() else "unknown"


def line_of(path: str, name: str) -> str:
    """What stands behind the colon in the first line that begins with the name."""
    for line in read(Path(path)).splitlines():
        if line.startswith(name):
            return line.partition(":")[2].strip()
    return "unknown"


def caches() -> str:
    found = [
        f"L{read(cache / 'level')} {read(cache / 'type').lower()} {read(cache / 'size')}"
        for cache in sorted(CPU.glob("cache/index*"))
    ]
    return ", ".join(found) or "unknown"


def memory() -> str:
    kilobytes = line_of("/proc/meminfo", "MemTotal").partition(" ")[0]
    return f"{int(kilobytes) / 2**20:.1f} GiB" if kilobytes.isdigit() else "unknown"


def machine() -> dict[str, str]:
    model = line_of("/proc/cpuinfo", "model name")
    return {
        "processor": platform.machine() if model == "unknown" else model,
        "cores": str(os.cpu_count()),
        "caches": caches(),
        "memory": memory(),
        "frequency governor": read(CPU / "cpufreq/scaling_governor"),
        "kernel": f"{platform.system()} {platform.release()}",
        "CPU level": nx.show_config(mode="dicts")["cpu"]["level"],
        "date": datetime.date.today().isoformat(),
    }


def version_of(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def compiler(command: str) -> str:
    if not shutil.which(command):
        return "not installed"
    asked = subprocess.run([command, "--version"], capture_output=True, text=True, check=True)
    return asked.stdout.splitlines()[0]


def versions() -> dict[str, str]:
    return {
        "numpy_ext": nx.__version__,
        "python": platform.python_version(),
        **{package: version_of(package) for package in PACKAGES},
        **{language: compiler(command) for language, command in COMPILERS.items()},
    }
