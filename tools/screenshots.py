"""Draws the pictures in docs/images from the fixtures, so that they stay true.

`python tools/screenshots.py` writes the terminal views as SVG; with Chromium, chromedriver and selenium
(`pip install 'permscope[browser]'`) also the HTML report, and with textual the explorer.
"""

from __future__ import annotations

import asyncio
import importlib.util
import io
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from rich.console import Console

from permscope.audit.run import Audit, run_audit
from permscope.collect.load import LoadOptions, load
from permscope.graph.paths import find_paths
from permscope.graph.queries import find_node, what_can
from permscope.report.answers import print_what_can
from permscope.report.audit_text import print_audit
from permscope.report.graph_text import print_graph
from permscope.report.html_report import render
from permscope.report.matrix import print_matrix
from permscope.report.path_text import print_paths
from permscope.report.routes import print_routes

ROOT = Path(__file__).parent.parent
IMAGES = ROOT / "docs" / "images"
FIXTURE = "fixtures/orders"


def main() -> int:
    """Write every picture that can be drawn here."""
    os.chdir(ROOT)
    IMAGES.mkdir(parents=True, exist_ok=True)
    inventory = load([FIXTURE], LoadOptions())
    audit = run_audit(inventory)
    for name, (command, show) in _views(audit).items():
        console = Console(record=True, width=110, file=io.StringIO(), force_terminal=True, color_system="truecolor")
        show(console)
        console.save_svg(str(IMAGES / f"{name}.svg"), title=f"permscope {command}", unique_id=f"permscope-{name}")
    page = render(audit.graph, audit.findings, inventory.errors, rules=audit.rules)
    if importlib.util.find_spec("textual") is not None:
        _explorer(audit)
    if importlib.util.find_spec("selenium") is None or shutil.which("chromedriver") is None:
        sys.stderr.write("no selenium or no chromedriver: the HTML report is not drawn\n")
        return 0
    _browser(page)
    return 0


def _views(audit: Audit) -> dict[str, tuple[str, Callable[[Console], None]]]:
    graph = audit.graph
    public, table, store = (find_node(graph, name) for name in ("public", "OrdersTable", "StoreOrder"))
    paths = find_paths(graph, public, table)
    reached = what_can(graph, store)
    return {
        "audit": (
            f"audit {FIXTURE}",
            lambda console: print_audit(audit.findings, graph, (), console, rules=audit.rules),
        ),
        "graph": (f"graph {FIXTURE}", lambda console: print_graph(graph, console)),
        "matrix": (f"graph --matrix {FIXTURE}", lambda console: print_matrix(graph, console)),
        "routes": (f"graph --routes {FIXTURE}", lambda console: print_routes(graph, console)),
        "path": (
            f"path --from public --to OrdersTable {FIXTURE}",
            lambda console: print_paths(paths[-1:], graph, console, start=public, end=table),
        ),
        "what-can": (
            f"what-can StoreOrder {FIXTURE}",
            lambda console: print_what_can(reached, graph, console, principal=store, explain=True),
        ),
    }


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
