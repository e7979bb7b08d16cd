"""Draws the pictures in docs/images from the fixtures, so that they stay true.

`python tools/screenshots.py` runs the commands and writes what they show as SVG; with Chromium, chromedriver and
selenium (`pip install 'permscope[browser]'`) also the HTML report, and with textual the explorer.
"""

from __future__ import annotations

import asyncio
import importlib.util
import io
import os
import shlex
import shutil
import sys
import tempfile
import time
from pathlib import Path

from rich.console import Console

from permscope.audit.run import Audit, run_audit
from permscope.cli import permscope
from permscope.collect.load import LoadOptions, load
from permscope.report import terminal
from permscope.report.html_report import render

ROOT = Path(__file__).parent.parent
IMAGES = ROOT / "docs" / "images"
FIXTURE = "fixtures/orders"
WIDTH = 110


VIEWS = {
    "audit": f"audit {FIXTURE}",
    "graph": f"graph {FIXTURE}",
    "matrix": f"graph --matrix {FIXTURE}",
    "routes": f"graph --routes {FIXTURE}",
    "path": f"path --from public --to OrdersTable --cut {FIXTURE}",
    "what-can": f"what-can StoreOrder --explain {FIXTURE}",
    "who-can": f"who-can invoke StoreOrder {FIXTURE}",
    "blast": f"what-can public --blast {FIXTURE}",
}


def main() -> int:
    """Write every picture that can be drawn here."""
    os.chdir(ROOT)
    IMAGES.mkdir(parents=True, exist_ok=True)
    for name, command in VIEWS.items():
        drawn(command).save_svg(
            str(IMAGES / f"{name}.svg"), title=f"permscope {command}", unique_id=f"permscope-{name}"
        )
    inventory = load([FIXTURE], LoadOptions())
    audit = run_audit(inventory)
    page = render(audit.graph, audit.findings, inventory.errors, rules=audit.rules)
    if importlib.util.find_spec("textual") is not None:
        _explorer(audit)
    if importlib.util.find_spec("selenium") is None or shutil.which("chromedriver") is None:
        sys.stderr.write("no selenium or no chromedriver: the HTML report is not drawn\n")
        return 0
    _browser(page)
    return 0


def drawn(command: str) -> Console:
    """The console on which a command was really run."""
    console = Console(
        record=True,
        width=WIDTH,
        file=io.StringIO(),
        force_terminal=True,
        color_system="truecolor",
        highlight=False,
        markup=False,
        emoji=False,
    )
    real, terminal.make_console = terminal.make_console, lambda **_: console
    try:
        permscope.main(shlex.split(command), standalone_mode=False)
    except SystemExit:
        pass  # there are findings
    finally:
        terminal.make_console = real
    return console


def _explorer(audit: Audit) -> None:
    from permscope.tui.explorer import Explorer

    async def draw() -> None:
        app = Explorer(audit.graph, audit.findings)
        async with app.run_test(size=(130, 34)) as pilot:
            await pilot.press("slash", *"storeorderrole", "enter", "right", "down", "down")
            await pilot.pause()
            app.save_screenshot(str(IMAGES / "explore.svg"))

    asyncio.run(draw())


def _browser(page: str) -> None:
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium") or shutil.which("google-chrome") or ""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.html"
        report.write_text(page, encoding="utf-8")
        for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--window-size=1300,860"):
            options.add_argument(argument)
        options.add_argument(f"--user-data-dir={folder}/profile")
        driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(shutil.which("chromedriver") or ""))
        for part in ("summary", "functions", "graph", "findings", "access"):
            driver.get("about:blank")
            driver.get(f"{report.as_uri()}#{part}")
            time.sleep(0.6)
            if part == "graph":
                driver.execute_script(
                    "permscope.drawing.focus(permscope.nodes.findIndex((node) => node.name === 'StoreOrderRole'))"
                )
                time.sleep(0.3)
            driver.save_screenshot(str(IMAGES / f"report-{part}.png"))
        driver.quit()


if __name__ == "__main__":
    sys.exit(main())
