"""The HTML report in a real browser."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from selenium.webdriver.chrome.webdriver import WebDriver
    from selenium.webdriver.remote.webelement import WebElement

pytestmark = pytest.mark.browser
Open = Callable[..., "WebDriver"]
PARTS = ("summary", "functions", "graph", "findings", "access", "unknowns")


def one(browser: WebDriver, selector: str) -> WebElement:
    """The element of a CSS selector."""
    return browser.find_element("css selector", selector)


def texts(browser: WebDriver, selector: str) -> list[str]:
    """The texts of the elements that are to be seen; a slow machine gets five seconds to show the first one."""
    until = time.monotonic() + 5
    while True:
        found = [each.text for each in browser.find_elements("css selector", selector) if each.is_displayed()]
        if found or time.monotonic() > until:
            return found
        time.sleep(0.05)


def drawn(browser: WebDriver) -> list[str]:
    """Names of the nodes in the drawing."""
    return browser.execute_script(
        "return permscope.drawing.cy.nodes().map((each) => (permscope.nodes[each.data('number')] || {}).name)"
    )


def choose(browser: WebDriver, field: str, name: str) -> None:
    """Type into a search field and take what the keyboard takes."""
    box = one(browser, field)
    box.clear()
    box.send_keys(name)
    box.send_keys("\ue015\ue013\ue007")  # down, up, enter


@pytest.mark.parametrize("folder", ["fixtures/orders", "fixtures/hostile"])
@pytest.mark.parametrize("part", PARTS)
def test_every_part_opens_without_a_word_on_the_console(folder: str, part: str, opened: Open) -> None:
    """Nothing is blocked by the page's own policy, nothing fails, nothing of a template runs."""
    browser = opened(folder, part)
    assert [section.get_attribute("id") for section in browser.find_elements("css selector", "main > section")] == [
        f"part-{name}" for name in PARTS
    ]
    assert one(browser, f"#part-{part}").is_displayed()
    assert len(one(browser, f"#part-{part}").text) > 10
    assert browser.find_elements("css selector", "main img, main script, main iframe, main b[onmouseover]") == []


def test_functions_are_filtered_by_what_is_around_them(opened: Open) -> None:
    """A table's name finds the functions that touch it; the box finds those that are open."""
    browser = opened("fixtures/orders", "functions")
    assert len(texts(browser, "article h3")) == 3
    one(browser, "#filter-functions").send_keys("orderstable")
    assert texts(browser, "article h3") == ["WriteInvoice"]
    one(browser, "#filter-functions").clear()
    one(browser, "#filter-functions").send_keys(" ")
    one(browser, "#only-open").click()
    assert sorted(texts(browser, "article h3")) == ["PlaceOrder", "WriteInvoice"]


def test_a_name_leads_to_its_place_in_the_graph(opened: Open) -> None:
    """From a card to the drawing, with the node in the panel."""
    browser = opened("fixtures/orders", "functions")
    one(browser, "article[data-function=StoreOrder] h3 button").click()
    assert one(browser, "#part-graph").is_displayed()
    assert one(browser, "#panel h3").text == "StoreOrder"
    assert "StoreOrderRole" in drawn(browser)


def test_the_focus_is_found_with_the_keyboard_and_shows_its_neighbourhood(opened: Open) -> None:
    """Type, arrow, enter; one step around the bucket is the role that writes it."""
    browser = opened("fixtures/orders", "graph")
    assert len(drawn(browser)) == 13
    choose(browser, "#find", "Invoices")
    assert one(browser, "#panel h3").text == "Invoices"
    browser.execute_script(
        "const depth = document.getElementById('depth'); depth.value = '1'; depth.dispatchEvent(new Event('input'))"
    )
    assert sorted(drawn(browser)) == ["Invoices", "WriteInvoice", "WriteInvoiceRole"]


def test_an_edge_shows_the_statements_and_lines_that_make_it_true(opened: Open) -> None:
    """The button in the panel does what a click on the edge does."""
    browser = opened("fixtures/orders", "graph")
    choose(browser, "#find", "StoreOrderRole")
    row = next(
        each for each in browser.find_elements("css selector", "#panel li") if "every dynamodb resource" in each.text
    )
    row.find_element("css selector", "button").click()
    panel = one(browser, "#panel").text
    assert "Action: dynamodb:*" in panel
    assert "fixtures/orders/template.yaml:49" in panel
    edge = browser.execute_script("return permscope.drawing.cy.edges(':selected').length")
    assert edge == 1
    browser.execute_script("permscope.drawing.cy.edges().not(':selected')[0].emit('tap')")
    assert "Because of" in one(browser, "#panel").text


def test_a_way_is_found_through_a_queue_and_a_pattern(opened: Open) -> None:
    """From the open route over the queue to the table that only `*` names."""
    browser = opened("fixtures/orders", "graph")
    choose(browser, "#way-from", "POST /orders")
    choose(browser, "#way-to", "OrdersTable")
    hops = texts(browser, "ol.way > li")
    assert [hop.split("→")[0].strip() for hop in hops] == [
        "POST /orders", "PlaceOrder", "PlaceOrderRole", "OrdersQueue", "StoreOrder", "StoreOrderRole",
    ]  # fmt: skip
    assert browser.execute_script("return permscope.drawing.cy.edges('.way').length") == 6
    choose(browser, "#way-from", "OrdersTable")
    assert one(browser, "#panel h3").text == "No way"


def test_filters_leave_what_they_name(opened: Open) -> None:
    """Reached by anyone, by severity, by kind of edge."""
    browser = opened("fixtures/orders", "graph")
    one(browser, "#only-public").click()
    assert "WriteInvoiceNightly" not in drawn(browser)
    assert "anyone on the internet" in drawn(browser)
    one(browser, "#only-public").click()
    browser.execute_script(
        "const box = document.getElementById('graph-severity'); box.value = '0'; box.dispatchEvent(new Event('input'))"
    )
    assert "WriteInvoice" in drawn(browser)
    assert "OrdersQueue" not in drawn(browser)
    one(browser, "#part-graph details summary").click()
    one(browser, "#kind-can_invoke").click()
    assert "anyone on the internet" not in drawn(browser)


def test_findings_are_filtered_sorted_and_their_fixes_copied(opened: Open) -> None:
    """The copy button says what it did, and the text is on the clipboard."""
    browser = opened("fixtures/orders", "findings")
    rules = texts(browser, "details.finding summary strong")
    assert rules[0] == "permission-public"
    browser.execute_script(
        "const box = document.getElementById('sort-findings'); box.value = 'place';"
        "box.dispatchEvent(new Event('input'))"
    )
    assert texts(browser, "details.finding summary strong") != rules
    one(browser, "#filter-findings").send_keys("StoreOrder")
    assert texts(browser, "details.finding summary strong") == ["service-wildcard"]
    one(browser, "details.finding summary").click()
    assert "dynamodb:*" in [each.text for each in browser.find_elements("css selector", "details.finding mark")]
    browser.execute_script("document.addEventListener('copy', () => { window.copied = String(getSelection()) })")
    fix = one(browser, ".fix pre").text
    one(browser, ".fix button").click()
    browser.implicitly_wait(2)
    assert one(browser, ".fix button").text in ("Copied", "Copy")
    copied = browser.execute_async_script(
        "const done = arguments[0];navigator.clipboard.readText().then(done, () => done(null))"
    )
    assert copied in (fix, None)
    assert one(browser, "#said").get_attribute("textContent") == "The fix is copied"


def test_the_summary_names_every_way_in_and_what_the_report_is_about(opened: Open) -> None:
    """A function that lets everybody in is a way in without a route."""
    browser = opened("fixtures/orders")
    assert browser.title == "permscope: 1 critical 2 high 2 info"
    assert one(browser, "#subject").text == "fixtures/orders/template.yaml"
    rows = [" ".join(row.split()) for row in texts(browser, "#part-summary .two > div:last-child tbody tr")]
    assert rows == ["direct call anyone WriteInvoice", "POST /orders no authorization PlaceOrder ✓"]


def test_the_matrix_is_by_resource_or_by_service(opened: Open) -> None:
    """And a filter narrows either."""
    browser = opened("fixtures/orders", "access")
    assert "OrdersQueue" in texts(browser, ".matrix thead th")
    browser.execute_script(
        "const box = document.getElementById('matrix-columns'); box.value = 'services';"
        "box.dispatchEvent(new Event('input'))"
    )
    assert texts(browser, ".matrix thead th") == ["Function", "dynamodb", "s3", "sqs"]
    one(browser, "#filter-matrix").send_keys("sqs")
    assert texts(browser, ".matrix tbody tr") == ["PlaceOrder W"]


def test_of_a_role_that_is_elsewhere_nothing_is_claimed(opened: Open, tmp_path: Path) -> None:
    """What its policies say is not in the input."""
    template = tmp_path / "template.yaml"
    template.write_text(
        "Resources:\n  F: {Type: 'AWS::Lambda::Function', Properties: {Runtime: python3.13, Handler: a.b, "
        "Code: {ZipFile: x}, Role: 'arn:aws:iam::111122223333:role/app'}}\n",
        encoding="utf-8",
    )
    browser = opened(str(template), "functions")
    [card] = texts(browser, "#part-functions article")
    assert "what it may touch is in no input" in card


def test_a_function_in_focus_is_shown_with_what_its_role_may_do(opened: Open) -> None:
    """Nobody has to know that it is the role that may."""
    browser = opened("fixtures/orders", "functions")
    one(browser, "article[data-function=StoreOrder] h3 button").click()
    assert "As StoreOrderRole" in texts(browser, "#panel h4")[-1]
    assert "every dynamodb resource (*)" in one(browser, "#panel").text


def test_findings_read_well_on_a_narrow_screen(opened: Open) -> None:
    """The sentence has the width of the screen, not that of the severity."""
    browser = opened("fixtures/orders", "findings")
    browser.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride", {"width": 700, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    )
    try:
        sentence = browser.find_elements("css selector", "details.finding summary > span")[1]
        assert sentence.size["width"] > 400
        assert browser.execute_script("return document.documentElement.scrollWidth") <= 700
    finally:
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_the_parts_are_walked_with_the_arrow_keys(opened: Open) -> None:
    """Tabs behave as tabs."""
    browser = opened("fixtures/orders")
    one(browser, "#tab-summary").send_keys("\ue014")
    assert one(browser, "#part-functions").is_displayed()
    assert browser.switch_to.active_element.get_attribute("id") == "tab-functions"
    assert one(browser, "#tab-functions").get_attribute("aria-selected") == "true"


def test_dark_and_light_are_a_button_apart(opened: Open) -> None:
    """The page has two sets of colours."""
    browser = opened("fixtures/orders", "graph")
    before = one(browser, "body").value_of_css_property("background-color")
    one(browser, "#theme").click()
    assert one(browser, "body").value_of_css_property("background-color") != before


def test_print_shows_every_part_but_the_drawing(opened: Open) -> None:
    """Paper has no tabs."""
    browser = opened("fixtures/orders")
    browser.execute_script("dispatchEvent(new Event('beforeprint'))")
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    try:
        shown = [name for name in PARTS if one(browser, f"#part-{name}").is_displayed()]
    finally:
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
    assert shown == ["summary", "functions", "findings", "access", "unknowns"]


def estate(folder: Path, functions: int) -> str:
    """A template of functions with a role and a queue each."""
    template = folder / "template.yaml"
    parts = "".join(
        f"""
  F{number}: {{Type: "AWS::Lambda::Function", Properties: {{Role: !GetAtt R{number}.Arn, Code: {{}}}}}}
  Q{number}: {{Type: "AWS::SQS::Queue"}}
  R{number}:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Statement: [{{Effect: Allow, Principal: {{Service: lambda.amazonaws.com}}, Action: "sts:AssumeRole"}}]
      Policies:
        - PolicyName: p
          PolicyDocument:
            Statement: [{{Effect: Allow, Action: "sqs:SendMessage", Resource: !GetAtt Q{number}.Arn}}]"""
        for number in range(functions)
    )
    template.write_text(f"Resources:{parts}\n", encoding="utf-8")
    return str(template)


def test_everything_is_drawn_in_parts_that_fill_the_canvas(opened: Open, tmp_path: Path) -> None:
    """Sixty separate functions are no column of sixty rows, and none lies on another."""
    browser = opened(estate(tmp_path, 60), "graph")
    one(browser, "#draw-all").click()
    until = time.monotonic() + 10
    while len(drawn(browser)) < 180 and time.monotonic() < until:
        time.sleep(0.1)
    box = browser.execute_script("return permscope.drawing.cy.elements().boundingBox()")
    assert 0.4 < box["w"] / box["h"] < 4
    places = browser.execute_script(
        "return permscope.drawing.cy.nodes().map((n) => [n.position('x'), n.position('y')])"
    )
    assert all(
        abs(one[0] - other[0]) >= 130 or abs(one[1] - other[1]) >= 50
        for at, one in enumerate(places)
        for other in places[:at]
    )


def parts(browser: WebDriver) -> list[str]:
    """Names of the parts in the drawing of a large graph."""
    return browser.execute_script(
        "return permscope.drawing.cy.nodes('[group = \"part\"]').map((each) => each.data('label').split('\\n')[0]"
        ".replaceAll('\\u200b', ''))"
    )


def test_thousands_of_nodes_start_with_an_overview(opened: Open, tmp_path: Path) -> None:
    """Not everything is drawn at once; a part is opened and left again, and a name is found at once."""
    browser = opened(estate(tmp_path, 1700), "graph")
    assert len(browser.execute_script("return permscope.nodes")) > 5000
    assert len(parts(browser)) == 29
    assert parts(browser)[0] == "F0 to F59"
    assert "29 parts" in one(browser, "#graph-status").text
    one(browser, "#panel li button").click()
    assert one(browser, "#panel h3").text == "F0 to F59"
    assert texts(browser, "#panel h4")[0] == "Functions (60)"
    assert {"F0", "Q0", "R0", "F59"} <= set(drawn(browser))
    assert len(drawn(browser)) == 180
    one(browser, "#panel p button").click()
    assert len(parts(browser)) == 29
    choose(browser, "#find", "F1699")
    assert sorted(drawn(browser)) == ["F1699", "Q1699", "R1699"]
    one(browser, "#overview").click()
    assert len(parts(browser)) == 29
    took = browser.execute_script(
        "const start = performance.now(); permscope.show('functions'); return performance.now() - start"
    )
    assert took < 2000
    assert len(texts(browser, "article h3")) == 60


def test_files_are_the_parts_of_a_large_graph(opened: Open, tmp_path: Path) -> None:
    """Each by its folder, with the ways between them; a filter leaves the parts that have something to it."""
    for name in ("billing", "orders", "shipping"):
        (tmp_path / name).mkdir()
        estate(tmp_path / name, 20)
    text = (tmp_path / "orders" / "template.yaml").read_text(encoding="utf-8")
    text += "  Jobs: {Type: 'AWS::SQS::Queue', Properties: {QueueName: jobs}}\n"
    (tmp_path / "orders" / "template.yaml").write_text(text, encoding="utf-8")
    send = "Action: 'sqs:SendMessage', Resource: !Sub 'arn:aws:sqs:${AWS::Region}:${AWS::AccountId}:jobs'"
    text = (tmp_path / "billing" / "template.yaml").read_text(encoding="utf-8")
    text = text.replace('Action: "sqs:SendMessage", Resource: !GetAtt Q0.Arn', send)
    (tmp_path / "billing" / "template.yaml").write_text(text, encoding="utf-8")
    browser = opened(str(tmp_path), "graph")
    assert parts(browser) == ["billing", "orders", "shipping"]
    assert browser.execute_script(
        "return permscope.drawing.cy.edges().map((each) => [each.source().data('label'), each.target().data('label'),"
        " each.data('label')])"
    ) == [["billing\n20 functions", "orders\n20 functions", "1"]]
    browser.execute_script("permscope.drawing.cy.nodes()[1].emit('tap')")
    assert one(browser, "#panel h3").text == "orders"
    assert "Jobs" in drawn(browser)
    one(browser, "#overview").click()
    one(browser, "#only-public").click()
    assert one(browser, "#graph-status").text == "Nothing matches the filters"


def test_long_and_wide_names_stay_within_their_shapes(opened: Open) -> None:
    """A name is cut in the drawing, its beginning and end kept; the panel has the whole of it."""
    browser = opened("fixtures/hostile", "graph")
    boxes = browser.execute_script(
        "return permscope.drawing.cy.nodes().map((node) => [node.boundingBox({ includeLabels: true }).h,"
        " node.boundingBox({ includeLabels: false }).h])"
    )
    assert len(boxes) == 12
    assert all(labelled <= plain + 6 for labelled, plain in boxes)
    labels = browser.execute_script("return permscope.drawing.cy.nodes().map((node) => node.data('label'))")
    assert any("\u2026" in label and label.startswith("table/") for label in labels)
