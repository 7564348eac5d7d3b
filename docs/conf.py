"""How Sphinx builds these pages."""

import sys
from pathlib import Path

import numpy_ext

sys.path.insert(0, str(Path(__file__).parent))  # for benchmarks.py

project = "numpy_ext"
author = "the numpy_ext developers"
project_copyright = "the numpy_ext developers"
version = release = numpy_ext.__version__

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.mathjax",
    "numpydoc",
    "matplotlib.sphinxext.plot_directive",
    "benchmarks",
]
exclude_patterns = ["_build"]
numpydoc_show_class_members = False
plot_formats = ["svg"]
plot_html_show_formats = False
plot_html_show_source_link = False

html_theme = "pydata_sphinx_theme"
html_title = f"numpy_ext {version}"
html_show_sourcelink = False
html_theme_options = {
    "header_links_before_dropdown": 6,
    "show_toc_level": 2,
}
