"""How Sphinx builds these pages."""

import sys
from pathlib import Path

from docutils import nodes
from docutils.utils.math.latex2mathml import tex2mathml
from sphinx import addnodes

import numpy_ext

sys.path.insert(0, str(Path(__file__).parent))  # for benchmarks.py and reference.py

project = "numpy_ext"
author = "the numpy_ext developers"
project_copyright = "the numpy_ext developers"
version = release = numpy_ext.__version__

extensions = [
    "sphinx.ext.autodoc",
    "numpydoc",
    "matplotlib.sphinxext.plot_directive",
    "benchmarks",
    "reference",
    "myst_parser",
    "sphinx_design",
]
exclude_patterns = ["_build"]
numpydoc_show_class_members = False
# The types stand in the descriptions; those of NumPy unfold to half a page.
autodoc_typehints = "none"
maximum_signature_line_length = 60

# Transparent, in a grey and in colours that can be read on white and on black alike.
GREY = "#7f7f7f"
plot_formats = ["svg"]
plot_html_show_formats = False
plot_html_show_source_link = False
plot_apply_rcparams = True
plot_rcparams = {
    "figure.figsize": (5.6, 2.6),
    "figure.constrained_layout.use": True,
    "savefig.transparent": True,
    "font.size": 10,
    "axes.titlesize": 10,
    "axes.prop_cycle": "cycler('color', ['#2f80d0', '#e0701a', '#2a9d5c', '#b558c4', '#d64545'])",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": GREY,
    "axes.labelcolor": GREY,
    "axes.titlecolor": GREY,
    "legend.frameon": False,
    "legend.fontsize": 9,
    "legend.labelcolor": GREY,
    "text.color": GREY,
    "xtick.color": GREY,
    "ytick.color": GREY,
}

html_theme = "pydata_sphinx_theme"
html_title = f"numpy_ext {version}"
html_show_sourcelink = False
html_use_index = False  # the search finds names
html_static_path = ["_static"]
templates_path = ["_templates"]
html_css_files = ["site.css"]
html_logo = html_favicon = "_static/logo.svg"
html_math_renderer = "mathml"
html_context = {"default_mode": "auto"}
html_theme_options = {
    "logo": {"text": project},
    "header_links_before_dropdown": 7,
    "show_toc_level": 2,
    "secondary_sidebar_items": {"**": ["page-toc"], "index": []},
    "navbar_persistent": ["search-button"],
    "navbar_end": ["version", "theme-switcher"],
    "footer_end": [],
}
# Sections of one page have no list of pages beside them.
html_sidebars = {"index": [], "start": [], "cookbook": [], "search": []}

# CONTRIBUTING.md and CHANGELOG.md begin below the title of the page that includes them.
suppress_warnings = ["myst.header"]
PAGES_OF_FILES = {"src/README.md": "loops", "CHANGELOG.md": "release_notes"}


def mathml(translator, node):
    """A formula as MathML, which browsers draw themselves: no script, no font, no other server."""
    as_block = isinstance(node, nodes.math_block)
    tag = "div" if as_block else "span"
    formula = tex2mathml(node.astext(), as_block=as_block)
    translator.body.append(translator.starttag(node, tag, CLASS="formula") + formula + f"</{tag}>")
    raise nodes.SkipNode


def link_files_to_pages(_app, document):
    """Included files link to files of the repository: here to their page or, without one, by name alone."""
    for node in list(document.findall(addnodes.pending_xref)):
        if node["reftype"] != "myst":
            continue
        page = PAGES_OF_FILES.get(node["reftarget"])
        if page:
            to_page = {"reftype": "doc", "refdomain": "std", "reftarget": f"/{page}"}
            node.update_all_atts(to_page, replace=True)
        else:
            node.replace_self(node.children)


def setup(app):
    app.add_html_math_renderer("mathml", inline_renderers=(mathml, None), block_renderers=(mathml, None))
    app.connect("doctree-read", link_files_to_pages)
