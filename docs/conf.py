"""Configuration of the documentation site."""

import fairgames

project = "fairgames"
author = "The fairgames authors"
copyright = "2026, the fairgames authors"
release = version = fairgames.__version__

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.mathjax",
    "numpydoc",
    "myst_nb",
    "sphinx_design",
    "sphinx_gallery.gen_gallery",
    "sphinxcontrib.bibtex",
]
exclude_patterns = [
    "_build",
    "auto_examples/*.ipynb",
    "auto_examples/**/*.ipynb",
    "auto_examples/*.py",
    "jupyter_execute",
]
nitpicky = True
default_role = "py:obj"
# Docstrings name classes of the package and of NumPy in words; only roles are meant as links.
nitpick_ignore_regex = [("py:.*", r"(?!fairgames\.).*")]

templates_path = ["_templates"]
autosummary_generate = True
autodoc_typehints = "none"
autodoc_member_order = "bysource"
# The page's title names the module; repeated before each name it would not fit a phone.
add_module_names = False
numpydoc_show_class_members = False
numpydoc_class_members_toctree = False

myst_enable_extensions = ["amsmath", "colon_fence", "deflist", "dollarmath", "substitution"]
myst_heading_anchors = 3
nb_execution_mode = "force"
nb_execution_raise_on_error = True
nb_execution_timeout = 300
nb_merge_streams = True

bibtex_bibfiles = ["references.bib"]
bibtex_reference_style = "author_year"

sphinx_gallery_conf = {
    "examples_dirs": ["../examples/gallery"],
    "gallery_dirs": ["auto_examples"],
    "filename_pattern": r"/plot_",
    "download_all_examples": False,
    "show_signature": False,
    "show_memory": False,
    # Its page of timings loads scripts from outside; the site is read offline.
    "write_computation_times": False,
    "min_reported_time": 10_000,
    "abort_on_example_error": True,
    "within_subsection_order": "FileNameSortKey",
    "image_scrapers": ("matplotlib",),
    # Twice the pixels for screens that show them.
    "image_srcset": ["2x"],
    "thumbnail_size": (640, 448),
    "backreferences_dir": None,
    # What the last line of a drawing returns is not a result.
    "ignore_repr_types": r"matplotlib\.",
}

html_theme = "pydata_sphinx_theme"
html_title = "fairgames"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_js_files = ["accessible.js"]
# A section of one page has nothing to navigate.
html_sidebars = {"index": [], "tutorial/index": []}
html_show_sourcelink = False
html_favicon = "_static/favicon.svg"
# The reference has the modules by subject; an index by name would list a few of them only.
html_domain_indices = False
html_copy_source = False
html_context = {"default_mode": "auto"}
html_theme_options = {
    "navigation_with_keys": False,
    "show_toc_level": 2,
    "header_links_before_dropdown": 6,
    "footer_start": ["copyright"],
    "footer_end": [],
    "secondary_sidebar_items": ["page-toc"],
}
# Mathematics is drawn by a copy that `make docs` puts beside the pages, so that no network is needed.
mathjax_path = "mathjax/tex-svg.js"
mathjax3_config = {"svg": {"fontCache": "global"}}
