"""GET /docs in a browser, through nginx with TLS: everything of the document is shown, nothing is
asked of anybody else, and it can be read: in the dark, on a phone, on paper, by keyboard and by ear."""
import json
import os
import subprocess

import openapi
import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

DOCUMENT = openapi.document()
OPERATIONS = sorted(DOCUMENT.operations, key=lambda one: [tag["name"] for tag in DOCUMENT.said["tags"]]
                    .index(one.said["tags"][0]))
SECONDS = 60
SCHEMES, WIDTHS = ["light", "dark"], [360, 768, 1024, 1440]
OPTIONS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
           "--disable-background-networking", "--disable-component-update", "--disable-sync",
           "--disable-dev-shm-usage"]


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    options = webdriver.ChromeOptions()
    options.binary_location = "/usr/bin/chromium"
    options.accept_insecure_certs = True
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    for option in [*OPTIONS, f"--user-data-dir={tmp_path_factory.mktemp('browser')}"]:
        options.add_argument(option)
    one = webdriver.Chrome(service=Service("/usr/bin/chromedriver"), options=options)
    one.set_page_load_timeout(SECONDS)
    one.set_script_timeout(SECONDS)
    yield one
    one.quit()


def look(browser, width=1440, scheme="light", media=""):
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {
        "width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500})
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {
        "media": media, "features": [{"name": "prefers-color-scheme", "value": scheme}]})


def open_page(browser, address):
    browser.get(address)
    WebDriverWait(browser, SECONDS).until(
        lambda _: browser.execute_script("return document.body.dataset.state") == "done")


@pytest.fixture
def page(browser, front):
    """The page as it opens, on a wide screen by day."""
    look(browser)
    for log in ("browser", "performance"):
        browser.get_log(log)
    open_page(browser, front.url("/docs"))
    browser.is_as_opened = False
    return browser


@pytest.fixture
def view(browser, front):
    """The same for those who only look: it is opened once for all of them."""
    look(browser)
    if not getattr(browser, "is_as_opened", False):
        open_page(browser, front.url("/docs"))
    browser.is_as_opened = True
    return browser


def text_of(element):
    """Also what is hidden now."""
    return " ".join(element.get_attribute("textContent").split())


# --- what it shows ---

def test_every_request_of_the_document_is_shown_by_tag_and_linked(view):
    calls = [text_of(each) for each in view.find_elements(By.CSS_SELECTOR, "article .call")]
    links = [text_of(each) for each in view.find_elements(By.CSS_SELECTOR, "nav li a")]
    assert calls == links == [str(operation) for operation in OPERATIONS]
    headings = [each.text for each in view.find_elements(By.CSS_SELECTOR, ".tag:has(article) > h2")]
    assert headings == [tag["name"] for tag in DOCUMENT.said["tags"]]


ARTICLES = """
    const plain = (text) => text.replace(/\\s+/g, " ").trim();
    return Object.fromEntries([...document.querySelectorAll("article")].map((each) => [each.id, {
        text: plain(each.textContent),
        heads: [...each.querySelectorAll("tbody th")].map((head) => plain(head.textContent)),
        commands: [...each.querySelectorAll("pre")].filter((one) => one.checkVisibility())
            .map((one) => one.innerText),
        isOnlyLocal: [...each.querySelectorAll("p")].some((one) =>
            one.checkVisibility() && one.textContent === "Only on the host itself.")}]));"""


def test_a_request_is_shown_with_callers_parameters_bodies_and_replies(view):
    articles = view.execute_script(ARTICLES)
    for operation in OPERATIONS:
        article = articles[operation.said["operationId"]]
        assert operation.said["summary"] in article["text"]
        assert operation.said["x-who"].replace("`", "") in article["text"]
        assert [head for head in article["heads"] if head.isdigit()] == [
            status for status in operation.responses if status != "default"]
        names = {head.split(" ")[0] for head in article["heads"]}
        assert {one["name"] for one in operation.parameters} <= names
        for media, value, _ in operation.examples():
            assert set(value or ()) <= names
            assert media is None or media in article["text"]


def test_what_replies_have_in_them_is_shown(view):
    for schema in ("Token", "User", "Session", "Client", "Key", "PolicyAnswer", "Metadata"):
        section = text_of(view.find_element(By.ID, schema))
        for member in DOCUMENT.said["components"]["schemas"][schema]["properties"]:
            assert member in section


def articles_for(page, place):
    """After that place is chosen for the examples."""
    page.find_element(By.CSS_SELECTOR, f"input[value='{place}']").click()
    return page.execute_script(ARTICLES)


@pytest.mark.parametrize("place", ["jeton.sock", "web.sock"])
def test_each_request_has_the_examples_of_that_place(page, place):
    articles = articles_for(page, place)
    for operation in OPERATIONS:
        article = articles[operation.said["operationId"]]
        expected = [one for one in operation.examples() if place in one.sockets]
        assert len(article["commands"]) == len(expected), operation
        assert article["isOnlyLocal"] == (place not in operation.said["x-sockets"])


@pytest.mark.parametrize("name, place", [
    ("token", "jeton.sock"), ("token", "web.sock"), ("list_users", "jeton.sock"),
    ("show_me", "web.sock"), ("jwks", "web.sock"), ("test_policy", "jeton.sock")])
def test_a_command_of_the_page_works_in_a_shell(page, front, name, place):
    """The page's https addresses are those of this front; its socket is that of a real host."""
    command = articles_for(page, place)[name]["commands"][0].replace(
        "/run/jeton/jeton.sock", str(front.daemon.socket))
    ready = 'curl() { command curl --silent --show-error --fail "$@"; }\n'
    done = subprocess.run(["/bin/sh", "-c", ready + command], capture_output=True, text=True, timeout=30,
                          env={"PATH": os.environ["PATH"], "CURL_CA_BUNDLE": str(front.authority),
                               "ACCESS_TOKEN": front.daemon.token("alice")})
    assert done.returncode == 0, (command, done.stderr)
    assert json.loads(done.stdout)


# --- what it asks for ---

def asked_for(browser):
    messages = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    return [message["params"]["request"]["url"] for message in messages
            if message["method"] == "Network.requestWillBeSent"]


def test_it_asks_for_the_document_and_for_nothing_else(page, front):
    asked = [address for address in asked_for(page) if not address.startswith("data:")]
    assert asked == [front.url("/docs"), front.url("/openapi.json")]
    assert page.get_log("browser") == []


def test_a_slash_at_the_end_changes_nothing(page, front):
    page.get_log("performance")
    open_page(page, front.url("/docs/"))
    assert front.url("/openapi.json") in asked_for(page)
    assert page.find_elements(By.TAG_NAME, "article")


def test_what_is_not_the_page_s_own_neither_runs_nor_loads(page):
    assert page.execute_async_script("""
        const done = arguments[0], seen = [];
        document.addEventListener("securitypolicyviolation", (event) => {
            seen.push(event.effectiveDirective);
            if (seen.length === 4) done(seen.sort());
        });
        const add = (name, members) => document.body.append(
            Object.assign(document.createElement(name), members));
        add("script", { textContent: "window.hasRun = true" });
        add("style", { textContent: "body { display: none }" });
        add("img", { src: "https://elsewhere.example/a.png" });
        fetch("https://elsewhere.example/").catch(() => {});
        """) == ["connect-src", "img-src", "script-src-elem", "style-src-elem"]
    assert page.execute_script("return window.hasRun") is None
    assert page.find_element(By.TAG_NAME, "h1").is_displayed()


def test_it_says_so_when_the_document_cannot_be_read(browser, front, page):
    browser.execute_cdp_cmd("Network.enable", {})
    browser.execute_cdp_cmd("Network.setBlockedURLs", {"urls": ["*openapi.json*"]})
    try:
        open_page(browser, front.url("/docs"))
        alert = browser.find_element(By.CSS_SELECTOR, "[role=alert]")
        assert alert.is_displayed() and "openapi.json could not be read" in alert.text
    finally:
        browser.execute_cdp_cmd("Network.setBlockedURLs", {"urls": []})


# --- how it reads ---

@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_goes_beyond_the_side_of_the_screen(view, width):
    look(view, width)
    assert view.execute_script("""
        const width = document.documentElement.clientWidth;
        return [...document.body.querySelectorAll("*")].filter((each) => {
            const box = each.getBoundingClientRect();
            return box.width && box.right > width + 0.5 && !each.matches(".skip");
        }).map((each) => each.outerHTML.slice(0, 80)).slice(0, 5);""") == []
    assert view.execute_script("return document.documentElement.scrollWidth") <= width


CONTRAST = """
    const luminance = (color) => {
        const [r, g, b] = color.match(/[\\d.]+/g).map((part) => part / 255)
            .map((part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const behind = (element) => {
        for (; element; element = element.parentElement) {
            const color = getComputedStyle(element).backgroundColor;
            if (color !== "rgba(0, 0, 0, 0)") return color;
        }
        return "rgb(255, 255, 255)";
    };
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const found = {};
    while (texts.nextNode()) {
        const element = texts.currentNode.parentElement;
        if (!texts.currentNode.data.trim() || !element.checkVisibility()) continue;
        const pair = [getComputedStyle(element).color, behind(element)];
        const [low, high] = pair.map(luminance).sort((a, b) => a - b);
        found[pair.join(" on ")] = (high + 0.05) / (low + 0.05);
    }
    return found;"""


@pytest.mark.parametrize("scheme", SCHEMES)
def test_every_text_stands_out_from_what_is_behind_it(view, scheme):
    """WCAG 2 1.4.3: at least 4.5 to 1."""
    look(view, scheme=scheme)
    ratios = view.execute_script(CONTRAST)
    assert len(ratios) >= 6
    assert {pair: ratio for pair, ratio in ratios.items() if ratio < 4.5} == {}
    background = view.execute_script("return getComputedStyle(document.body).backgroundColor")
    assert (background == "rgb(253, 252, 250)") == (scheme == "light")


def test_headings_are_in_order_and_places_are_named(view):
    levels = view.execute_script("""
        return [...document.querySelectorAll("h1, h2, h3, h4, h5, h6")].map((each) => +each.tagName[1]);""")
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(after <= before + 1 for before, after in zip(levels, levels[1:]))
    for landmark in ("header", "main", "nav[aria-label]", "footer", "form[role=search][aria-label]"):
        assert len(view.find_elements(By.CSS_SELECTOR, landmark)) == 1, landmark
    assert view.execute_script("return [document.documentElement.lang, document.title]") == [
        "en", "jeton: the requests"]


def test_every_control_is_labelled_and_every_table_has_heads(view):
    assert view.execute_script("""
        return [...document.querySelectorAll("input, button, select, textarea")]
            .filter((each) => !each.labels.length || !each.labels[0].textContent.trim()).length;""") == 0
    assert view.execute_script("""
        return [...document.querySelectorAll("table")].filter((each) =>
            !each.querySelector("thead th[scope=col]") || [...each.tBodies[0].rows].some((row) =>
                row.cells[0].tagName !== "TH" || row.cells[0].scope !== "row" ||
                !row.cells[0].textContent.trim())).length;""") == 0


def test_ids_are_unique_and_links_go_somewhere(view):
    assert view.execute_script("""
        const ids = [...document.querySelectorAll("[id]")].map((each) => each.id);
        const named = [...document.querySelectorAll("[aria-labelledby]")].map((each) =>
            each.getAttribute("aria-labelledby"));
        const aims = [...document.querySelectorAll("a[href^='#']")].map((each) => each.hash.slice(1));
        return [ids.length - new Set(ids).size,
                [...named, ...aims].filter((each) => !document.getElementById(each))];""") == [0, []]


def test_it_is_used_by_keyboard(page):
    body = page.find_element(By.TAG_NAME, "body")
    body.send_keys(Keys.TAB)
    skip = page.switch_to.active_element
    assert skip.text == "Skip to the requests" and skip.location["x"] >= 0
    skip.send_keys(Keys.ENTER)
    WebDriverWait(page, SECONDS).until(
        lambda _: page.switch_to.active_element.get_attribute("id") == "requests")
    page.find_element(By.ID, "filter").send_keys(Keys.TAB)
    chosen = page.switch_to.active_element
    assert chosen.get_attribute("value") == "jeton.sock"
    assert page.execute_script("return getComputedStyle(arguments[0]).outlineWidth", chosen) == "3px"
    chosen.send_keys(Keys.ARROW_RIGHT)
    assert page.find_element(By.CSS_SELECTOR, "input[value='web.sock']").is_selected()
    assert "--unix-socket" not in page.find_element(By.TAG_NAME, "main").text


def shown(page, selector):
    """The ids of what one sees."""
    return page.execute_script("""
        return [...document.querySelectorAll(arguments[0])].filter((each) => each.checkVisibility())
            .map((each) => each.id);""", selector)


def test_a_word_leaves_the_requests_that_have_it(page):
    field = page.find_element(By.ID, "filter")
    field.send_keys("login-codes")
    assert shown(page, "article") == ["make_login_code"]
    assert page.find_element(By.ID, "found").text == f"1 of {len(OPERATIONS)}"
    assert len(shown(page, "nav li")) == 1
    field.send_keys(Keys.CONTROL, "a", Keys.NULL, Keys.BACKSPACE)
    assert len(shown(page, "article")) == len(shown(page, "nav li")) == len(OPERATIONS)


def test_an_address_with_a_request_in_it_opens_there(browser, front, page):
    open_page(browser, front.url("/docs#rotate_keys"))
    top = browser.execute_script(
        "return document.getElementById('rotate_keys').getBoundingClientRect().top")
    assert 0 <= top < 300


def test_on_a_phone_the_contents_are_folded(browser, front, page):
    look(browser, 360)
    open_page(browser, front.url("/docs"))
    first = "return document.querySelector('nav li').checkVisibility()"
    assert not browser.execute_script(first)
    browser.find_element(By.TAG_NAME, "summary").click()
    assert browser.execute_script(first)


def test_on_paper_there_are_the_requests_and_no_controls(view):
    look(view, 800, media="print")
    assert not view.find_element(By.TAG_NAME, "form").is_displayed()
    assert not view.find_element(By.TAG_NAME, "nav").is_displayed()
    assert view.find_element(By.TAG_NAME, "article").is_displayed()
    assert view.execute_script("return document.documentElement.scrollWidth") <= 800
