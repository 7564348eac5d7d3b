# The ufuncs are named in __init__.pyi.
import numpy as np

__version__: str
compiler: str
cpu_level: str
cpu_levels: list[str]
numpy_headers: str

def make(name: str, first: float, second: float, shown_name: str, /) -> np.ufunc: ...
def parameters_of(ufunc: object, /) -> tuple[str, float, float] | None: ...
def __getattr__(name: str) -> np.ufunc: ...
