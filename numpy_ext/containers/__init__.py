"""Any ufunc on the containers of pandas, Polars, Arrow, xarray and numpy.ma, with their nulls."""

from ._lift import lift

__all__ = ["lift"]
