"""A headless Chromium with the reports of the fixtures; without one these tests are skipped."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from permscope.audit.run import run_audit
from permscope.collect.load import LoadOptions, load
from permscope.report.html_report import render

if TYPE_CHECKING:
    from selenium.webdriver.chrome.webdriver import WebDriver

ROOT = Path(__file__).parents[2]
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--force-color-profile=srgb",
    "--window-size=1400,950",
)


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebDriver]:
    """One browser for the session, with a profile of its own."""
    webdriver = pytest.importorskip("selenium.webdriver", reason="selenium is not installed")
    program = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    driver = shutil.which("chromedriver")
    if program is None or driver is None:
        pytest.skip("there is no chromium with chromedriver here")
    options = webdriver.ChromeOptions()
    options.binary_location = program
    for argument in (*ARGUMENTS, f"--user-data-dir={tmp_path_factory.mktemp('profile')}"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    started = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))
    yield started
    started.quit()


@pytest.fixture
def opened(browser: WebDriver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], WebDriver]]:
    """Open the report of a fixture, or of any path, from the disk; at the end the console must be empty."""

    def read(path: str, part: str = "summary") -> WebDriver:
        monkeypatch.chdir(ROOT)
        inventory = load([path], LoadOptions())
        audit = run_audit(inventory)
        file = tmp_path / "report.html"
        file.write_text(render(audit.graph, audit.findings, inventory.errors, rules=audit.rules), encoding="utf-8")
        browser.get("about:blank")
        browser.get(f"{file.as_uri()}#{part}")
        return browser

    browser.get_log("browser")
    yield read
    assert [entry["message"] for entry in browser.get_log("browser")] == []
