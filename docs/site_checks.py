"""
The built site in a browser: ``make test-site``.

Every page is loaded at the width of a desk and of a phone, light and dark. Only the loopback address is
reached, so a page that needs another server fails here wherever it is tested.
"""

import re
import shutil
import threading
from functools import cache, partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

SITE = Path(__file__).parent / "_build" / "html"
PAGES = sorted(str(path.relative_to(SITE)) for path in SITE.rglob("*.html") if "_static" not in path.parts)
WIDTHS = {"desk": 1280, "phone": 390}
THEMES = ["light", "dark"]

LOADED = """
const done = arguments[arguments.length - 1];
Promise.allSettled([...document.images].map((image) => image.decode())).then(done);
"""
BROKEN_IMAGES = "return [...document.images].filter((image) => !image.naturalWidth).map((image) => image.src)"
# Without words of its own, Sphinx puts the name of the file there.
SILENT_IMAGES = """
return [...document.querySelectorAll("article img")]
  .filter((image) => !image.alt || image.src.endsWith(image.alt))
  .map((image) => image.src);
"""
LINKS = "return [...document.links].map((link) => link.href)"
WIDTH = "return document.documentElement.scrollWidth"
# Blocks of code, tables and formulas may be wider: they scroll by themselves.
TOO_WIDE = """
return [...document.querySelectorAll("article *")]
  .filter((element) => element.getBoundingClientRect().right > arguments[0] + 1)
  .filter((element) => !element.parentElement.closest("pre, .pst-scrollable-table-container, .formula"))
  .map((element) => element.outerHTML.slice(0, 100));
"""


class Handler(SimpleHTTPRequestHandler):
    def log_message(self, *_):
        """Nothing on the terminal."""


@pytest.fixture(scope="session")
def address():
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=SITE)) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture(scope="session")
def browser():
    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    options.add_argument("--headless=new")
    options.add_argument("--no-sandbox")  # root, as in a container, has none
    options.add_argument("--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1")
    service = webdriver.ChromeService(executable_path=shutil.which("chromedriver"))
    driver = webdriver.Chrome(options=options, service=service)
    yield driver
    driver.quit()


@pytest.fixture(params=WIDTHS)
def width(request, browser):
    pixels = WIDTHS[request.param]
    screen = {"width": pixels, "height": 900, "deviceScaleFactor": 1, "mobile": request.param == "phone"}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)
    return pixels


@pytest.fixture(params=THEMES)
def theme(request, browser):
    feature = {"name": "prefers-color-scheme", "value": request.param}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [feature]})
    return request.param


@cache
def anchors(path):
    return set(re.findall(r'\bid="([^"]+)"', path.read_text()))


def leads_nowhere(link, address):
    """The links that lead to other sites are not followed."""
    if not link.startswith(address):
        return False
    parts = urlsplit(link)
    path = SITE / unquote(parts.path).lstrip("/")
    path = path / "index.html" if path.is_dir() else path
    anchor = unquote(parts.fragment)
    return not path.is_file() or (bool(anchor) and path.suffix == ".html" and anchor not in anchors(path))


def test_there_are_pages():
    assert "index.html" in PAGES


@pytest.mark.parametrize("page", PAGES)
def test_page(browser, address, width, theme, page):
    browser.get_log("browser")  # forgets what came before
    browser.get(f"{address}/{page}")
    browser.execute_async_script(LOADED)
    assert browser.execute_script("return document.documentElement.dataset.theme") == theme
    assert [entry["message"] for entry in browser.get_log("browser") if entry["level"] == "SEVERE"] == []
    assert browser.execute_script(BROKEN_IMAGES) == []
    assert browser.execute_script(SILENT_IMAGES) == []
    assert [link for link in browser.execute_script(LINKS) if leads_nowhere(link, address)] == []
    assert browser.execute_script(TOO_WIDE, width) == []
    assert browser.execute_script(WIDTH) <= width


@pytest.mark.usefixtures("width", "theme")
def test_search_finds_rolling_score(browser, address):
    def shown(selector):
        return [found for found in browser.find_elements(By.CSS_SELECTOR, selector) if found.is_displayed()]

    browser.get(f"{address}/index.html")
    wait = WebDriverWait(browser, 20)
    shown(".search-button")[0].click()
    wait.until(lambda _: shown("input[name=q]"))[0].send_keys("rolling_score", Keys.ENTER)
    found = wait.until(lambda _: shown("#search-results li a"))
    assert any("/families/rolling_score.html" in link.get_attribute("href") for link in found)
