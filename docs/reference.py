"""``FUNCTIONS(axpy)`` on a page becomes links to all functions that the page `axpy` beside it describes."""

import re
from pathlib import Path
from typing import Any

DOCS = Path(__file__).parent


def with_functions(page: str, text: str) -> str:
    def links(found: re.Match[str]) -> str:
        described = ((DOCS / page).parent / f"{found[1]}.rst").read_text()
        module = re.search(r"^\.\. (?:current)?module:: (\S+)$", described, re.MULTILINE)
        names = re.findall(r"^\.\. auto(?:function|class):: (\S+)", described, re.MULTILINE)
        full = [f"{module[1]}.{name}" if module else name for name in names]
        return ", ".join(f":obj:`{name.removeprefix('numpy_ext.')} <{name}>`" for name in full)

    return re.sub(r"\bFUNCTIONS\((\S+)\)", links, text)


def setup(app: Any) -> dict[str, bool]:
    def expand(_app: Any, page: str, source: list[str]) -> None:
        source[0] = with_functions(page, source[0])

    app.connect("source-read", expand)
    return {"parallel_read_safe": True}
