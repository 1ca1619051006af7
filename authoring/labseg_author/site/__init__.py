"""The static site: the solved lessons as pages to read, slides, the instructor's guide.

`build_site` runs the lessons, turns them into pages, and lets Sphinx make the site, with MyST-NB
for the notebooks and the theme Furo. Nothing on a page is fetched from elsewhere.
"""

from labseg_author.site.build import build_site

__all__ = ["build_site"]
