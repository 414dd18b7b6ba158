"""The pages for people, in a real Chromium, from a real service."""

from __future__ import annotations

import re
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import uvicorn
from building import claude_export
from playwright.sync_api import Browser, Locator, Page, Route, ViewportSize, expect, sync_playwright

from workbench.experiments.load.service import fetch, free_port
from workbench.http_api import ServiceOptions, create_app
from workbench.settings import Settings
from workbench.workspace import Workbench

expect.set_options(timeout=20_000)  # milliseconds; two cores may have other work

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium on this machine"),
]
SAMPLES = Path(__file__).parent.parent.parent / "data" / "samples"
TOKEN = "a-token-long-enough-to-be-taken"
HOSTILE = (
    "zebrafish <script>window.hacked = 1</script> <img src=x onerror='window.hacked = 2'>"
    "<svg onload='window.hacked = 3'></svg> [x](javascript:window.hacked=4) <a href='javascript:window.hacked=5'></a>"
    ' " autofocus onfocus="window.hacked=6" \u202egnp.exe\u202c </div></article><style>*{display:none}</style> {{7*7}}',
    "zebrafish **bold** https://example.com/zebrafish and `<b>code</b>`\n\n"
    "```html\n<script>window.hacked = 8</script>\n```\n"
    "| a | <i>b</i> |\n|---|---|\n| javascript:alert(1) | data:text/html,x |",
)
CHATS = {
    "Zebrafish <b>title</b> \u202ex": HOSTILE,
    "Faces": ("\U0001f600\U0001f9d1\u200d\U0001f680 rocket \U0001f680 launchpad is near the café", "Lovely."),
    "Long talk": tuple(
        f"Answer {n}: {'quokka ' * (n % 10 == 1)}{'rain. ' * 40}" if n % 2 else f"Question {n} about the weather"
        for n in range(160)
    ),
}


@contextmanager
def serving(options: ServiceOptions) -> Iterator[str]:
    """The service on a port of its own; gives its address."""
    port = free_port()
    made: list[uvicorn.Server] = []

    def serve() -> None:
        made.append(uvicorn.Server(uvicorn.Config(create_app(options), port=port, log_level="warning")))
        made[0].run()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        while not (made and made[0].started):
            assert thread.is_alive()
            thread.join(0.02)
        fetch(port, "/health")
        yield f"http://127.0.0.1:{port}/"
    finally:
        if made:
            made[0].should_exit = True
        thread.join(20)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory, cache: Path) -> Path:
    folder = tmp_path_factory.mktemp("page")
    memory = Workbench(Settings(store=folder / "store", cache=cache, ray="off"))
    memory.ingest(SAMPLES, claude_export(folder / "conversations.json", CHATS))
    return folder / "store"


@pytest.fixture(scope="module")
def address(store: Path) -> Iterator[str]:
    with serving(ServiceOptions(store)) as found:
        yield found


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield found
        found.close()


Open = Callable[..., Page]


@pytest.fixture
def open_page(browser: Browser, address: str) -> Iterator[Open]:
    """Opens a page; in the end nothing may have been asked of anybody else, and nothing may have gone wrong."""
    asked: list[str] = []
    faults: list[str] = []
    contexts = []

    def opened(path: str = "", *, width: int = 1280, height: int = 800, dark: bool = False, at: str = address) -> Page:
        size: ViewportSize = {"width": width, "height": height}
        context = browser.new_context(
            viewport=size, color_scheme="dark" if dark else "light", locale="en-GB", timezone_id="UTC"
        )
        contexts.append(context)
        context.set_default_timeout(10_000)
        page = context.new_page()
        page.on("request", lambda request: asked.append(request.url))
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("dialog", lambda dialog: faults.append(f"a dialog: {dialog.message}"))
        # that an answer was a problem is said by the browser itself; that a network was gone, too
        page.on(
            "console",
            lambda said: None if said.text.startswith("Failed to load resource") else faults.append(said.text),
        )
        page.goto(at + path)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert faults == []
    assert {re.match(r"\w+://[^/]*/", url)[0] for url in asked} <= {address, *_OTHERS}  # type: ignore[index]


_OTHERS: set[str] = set()  # addresses of further services of our own


def hits(page: Page) -> Locator:
    return page.locator("a.hit")


def is_in_view(page: Page, one: Locator, within: str) -> bool:
    """Whether the upper edge of an element can be seen in a scroller."""
    inner, outer = one.bounding_box(), page.locator(within).bounding_box()
    assert inner is not None
    assert outer is not None
    return outer["y"] - 1 <= inner["y"] < outer["y"] + outer["height"]


def test_the_start_says_what_can_be_typed(open_page: Open) -> None:
    page = open_page()
    expect(page.locator("#start")).to_be_visible()
    expect(page.locator("#corpus")).to_contain_text("messages with AI assistants")
    expect(page.locator("#q")).to_be_focused()
    page.get_by_role("button", name="has:code lang:python").click()
    expect(page).to_have_url(re.compile(r"\?q=has%3Acode\+lang%3Apython$"))
    expect(hits(page).first).to_be_visible()
    expect(page.locator("#status")).to_contain_text("messages match")


def test_results_come_while_one_types(open_page: Open) -> None:
    page = open_page()
    page.locator("#q").press_sequentially("sourdough starter", delay=10)
    expect(hits(page).first).to_contain_text("sourdough")
    expect(hits(page).first.locator("mark").first).to_have_text(re.compile("sourdough|starter", re.IGNORECASE))
    expect(page.locator("#status")).to_contain_text("messages match")
    expect(page).to_have_url(re.compile(r"\?q=sourdough\+starter$"))
    expect(page).to_have_title("sourdough starter · Memory Workbench")
    first = hits(page).first
    expect(first.locator("time")).to_have_text(re.compile(r"\d+ \w+ 20\d\d"))
    expect(first.locator(".hit-foot")).to_contain_text(re.compile("ChatGPT|Claude|Gemini"))


def test_the_latest_query_wins_whatever_answers_last(open_page: Open) -> None:
    page = open_page()
    held: list[Route] = []
    page.route(re.compile(r"search/rag\?q=index&"), lambda route: held.append(route))
    page.locator("#q").fill("index")
    page.wait_for_timeout(300)
    assert held
    page.locator("#q").fill("sourdough")
    expect(hits(page).first).to_contain_text(re.compile("sourdough", re.IGNORECASE))
    before = hits(page).all_inner_texts()
    held[0].abort()  # it was given up already
    page.wait_for_timeout(200)
    assert hits(page).all_inner_texts() == before


def test_facets_filter_by_click_and_back_takes_it_back(open_page: Open) -> None:
    page = open_page("?q=sourdough+loaf")
    button = page.locator('[data-facet="assistant"][data-value="gemini"]')
    count = int(button.locator(".facet-count").inner_text())
    button.click()
    expect(button).to_have_attribute("aria-pressed", "true")
    expect(page).to_have_url(re.compile("assistant=gemini"))
    expect(page.locator("#status")).to_contain_text(f"{count} message")
    expect(hits(page).filter(has_text="Gemini")).to_have_count(hits(page).count())
    expect(page.locator('[data-facet="assistant"][data-value="claude"]')).to_be_visible()  # there is still a choice
    page.locator('[data-facet="role"][data-value="user"]').click()
    expect(hits(page).filter(has_text="You to Gemini")).to_have_count(hits(page).count())
    expect(page.locator(".chip")).to_have_count(2)
    page.go_back()
    expect(page.locator(".chip")).to_have_count(1)
    page.go_back()
    expect(page.locator(".chip")).to_have_count(0)
    page.locator('[data-facet="month"]').nth(1).click()
    expect(page).to_have_url(re.compile(r"month=20\d\d-\d\d"))
    month = page.locator('[data-facet="month"][aria-pressed="true"]').inner_text().split("\n")[0]
    expect(hits(page).locator("time").filter(has_text=month)).to_have_count(hits(page).count())
    page.go_back()
    page.go_forward()
    expect(page.locator(".chip")).to_have_count(1)
    page.goto(page.url.partition("?")[0] + "?q=sourdough+loaf&assistant=gemini")
    page.get_by_role("button", name="Remove Assistant: Gemini").click()
    expect(page).not_to_have_url(re.compile("assistant="))
    expect(hits(page).filter(has_text="Claude").first).to_be_visible()


def test_filters_alone_show_what_they_let_pass_newest_first(open_page: Open) -> None:
    page = open_page("?has=image&role=user")
    expect(page.locator("#status")).to_contain_text("newest first")
    expect(hits(page).first).to_be_visible()
    expect(page.locator(".chip")).to_have_count(2)


def test_back_and_forward_lead_through_what_was_asked(open_page: Open) -> None:
    page = open_page()
    box = page.locator("#q")
    for query in ("sourdough", "index scan"):
        box.fill(query)
        box.press("Enter")
        expect(page).to_have_url(re.compile(query.replace(" ", r"\+")))
        expect(hits(page).first).to_be_visible()
    hits(page).first.click()
    expect(page.locator("#reader")).to_be_visible()
    page.go_back()
    expect(page.locator("#reader")).to_be_hidden()
    page.go_back()
    expect(box).to_have_value("sourdough")
    expect(hits(page).first).to_contain_text(re.compile("sourdough", re.IGNORECASE))
    page.go_back()
    expect(page.locator("#start")).to_be_visible()
    page.go_forward()
    expect(box).to_have_value("sourdough")


def test_a_conversation_opens_at_the_message_with_the_matches_marked(open_page: Open) -> None:
    page = open_page('?q=in%3A"Long+talk"+"Answer+81"')
    hits(page).first.click()
    target = page.locator(".turn.target")
    expect(target).to_contain_text("Answer 81")
    assert is_in_view(page, target, ".reader-body")
    expect(page.locator(".reader-title")).to_have_text("Long talk")
    expect(target.locator("mark.current")).to_have_text("Answer")
    assert page.locator(".turn").count() < 160  # the rest comes when it is needed
    assert page.evaluate("scrollY") == 0  # the results stay where they were
    link = page.url
    again = open_page(link.partition("/?")[2].join(["?", ""]))
    expect(again.locator(".turn.target")).to_contain_text("Answer 81")
    assert is_in_view(again, again.locator(".turn.target"), ".reader-body")


def test_long_conversations_are_loaded_as_one_reads(open_page: Open) -> None:
    page = open_page('?q=in%3A"Long+talk"+"Answer+81"')
    hits(page).first.click()
    expect(page.locator(".turn.target")).to_be_visible()
    for text, edge in (("Question 0 ", "0"), ("Answer 159:", "1e9")):
        while page.locator(".turn", has_text=text).count() == 0:
            before = page.locator(".turn").count()
            page.evaluate(f"document.querySelector('.reader-body').scrollTop = {edge}")
            expect(page.locator(".turn")).not_to_have_count(before)
    texts = page.locator(".turn .words").all_inner_texts()
    numbers = [int(re.findall(r"\d+", text)[0]) for text in texts]
    assert numbers == list(range(160))


def test_next_and_previous_match_go_through_the_whole_conversation(open_page: Open) -> None:
    page = open_page("?q=quokka")
    hits(page).first.click()
    count = page.locator(".match-count")
    expect(count).to_contain_text(" of ")
    seen = set()
    for _ in range(16):  # one in every tenth message of 160; only some of them are loaded at first
        page.keyboard.press("n")
        page.wait_for_timeout(150)
        current = page.locator("mark.current")
        expect(current).to_have_count(1)
        assert is_in_view(page, current, ".reader-body")
        seen.add(page.evaluate("document.querySelector('mark.current').closest('.turn').dataset.message"))
    assert len(seen) == 16
    expect(count).to_have_text(re.compile(r"^\d+ of 16$"))
    at = count.inner_text()
    page.get_by_role("button", name="Previous match").click()
    expect(count).not_to_have_text(at)
    page.get_by_role("button", name="Next match").click()
    expect(count).to_have_text(at)


def test_everything_can_be_done_with_the_keyboard(open_page: Open) -> None:
    page = open_page("?q=bread")
    expect(hits(page).first).to_be_visible()
    page.keyboard.press("/")
    expect(page.locator("#q")).to_be_focused()
    page.keyboard.type("sourdough loaf")
    answered = re.compile(r"q=sourdough\+loaf&")  # to all that was typed: an earlier answer would still be replaced
    expect(hits(page).first).to_have_attribute("href", answered)
    page.keyboard.press("ArrowDown")
    expect(hits(page).nth(0)).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("j")
    expect(hits(page).nth(2)).to_be_focused()
    page.keyboard.press("k")
    expect(hits(page).nth(1)).to_be_focused()
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"
    page.keyboard.press("Enter")
    expect(page.locator(".reader-title")).to_be_focused()
    expect(page.locator(".match-count")).to_contain_text(" of ")
    before = page.locator(".match-count").inner_text()
    page.keyboard.press("n")
    expect(page.locator(".match-count")).not_to_have_text(before)
    page.keyboard.press("p")
    expect(page.locator(".match-count")).to_have_text(before)
    page.keyboard.press("Escape")
    expect(page.locator("#reader")).to_be_hidden()
    expect(hits(page).nth(1)).to_be_focused()
    page.keyboard.press("?")
    expect(page.locator("#help-dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#help-dialog")).to_be_hidden()
    page.keyboard.press("Escape")
    expect(page.locator("#start")).to_be_visible()
    expect(page.locator("#q")).to_have_value("")


def test_what_messages_hold_does_nothing_and_is_shown_as_text(open_page: Open) -> None:
    page = open_page("?q=zebrafish")
    expect(hits(page).first).to_contain_text("<b>title</b>")
    expect(page.locator("#hits").get_by_text("<script>window.hacked = 1</script>").first).to_be_visible()
    for number in range(2):
        hits(page).nth(number).click()
        expect(page.locator(".turn.target")).to_contain_text("zebrafish")
        expect(page.locator(".reader-title")).to_contain_text("<b>title</b>")
    reader = page.locator(".reader-body")
    expect(reader).to_contain_text("<img src=x onerror='window.hacked = 2'>")
    expect(reader).to_contain_text("[x](javascript:window.hacked=4)")
    expect(reader.locator(".control").first).to_have_text("U+202E")
    expect(reader.locator("pre code")).to_contain_text("<script>window.hacked = 8</script>")
    expect(reader.locator("td").nth(1)).to_have_text("<i>b</i>")
    assert reader.locator("script, img, svg:not(.icon), style, iframe, form, i, b").count() == 0
    links = reader.locator("a").evaluate_all("all => all.map(one => [one.href, one.textContent, one.rel])")
    assert links == [["https://example.com/zebrafish", "https://example.com/zebrafish", "noopener noreferrer"]]
    page.wait_for_timeout(200)
    assert page.evaluate("window.hacked") is None
    assert page.evaluate("document.querySelectorAll('main *[onerror], main *[onfocus], main style').length") == 0


def test_highlights_stand_where_the_words_are_behind_emoji_too(open_page: Open) -> None:
    page = open_page("?q=launchpad+cafe")
    hit = hits(page).filter(has_text="rocket")
    expect(hit.locator("mark")).to_have_text(["launchpad", "café"])
    hit.click()
    expect(page.locator(".turn.target mark")).to_have_text(["launchpad", "café"])


def test_an_error_in_a_query_is_shown_with_its_place_and_goes_when_it_is_mended(open_page: Open) -> None:
    page = open_page("?q=bread+assistant%3Acluade")
    problem = page.get_by_role("alert").locator(".problem")
    expect(problem).to_contain_text("no assistant 'cluade'")
    expect(problem).to_contain_text("Did you mean claude?")
    lines = problem.locator("pre").inner_text().split("\n")
    assert lines[0][lines[1].index("^") :].startswith("cluade")
    page.locator("#q").fill("bread assistant:claude")
    expect(hits(page).first).to_be_visible()
    expect(problem).to_have_count(0)


def test_a_query_that_is_still_being_written_is_not_scolded(open_page: Open) -> None:
    page = open_page("?q=sourdough")
    expect(hits(page).first).to_be_visible()
    page.locator("#q").press_sequentially(" assistant:", delay=20)
    page.locator("#q").press_sequentially("zz", delay=150)
    expect(page.locator(".problem")).to_have_count(0)
    expect(page.locator(".problem")).to_be_visible()  # but after a while


def test_no_good_match_is_said(open_page: Open) -> None:
    page = open_page("?q=xylograph+vexillology")
    expect(page.locator("#notes")).to_contain_text("No good match")
    expect(hits(page).first).to_be_visible()


def test_more_results_come_by_scrolling_and_by_the_button(open_page: Open) -> None:
    page = open_page("?q=rain")
    expect(hits(page)).to_have_count(20)
    page.get_by_role("button", name="More results").click()
    expect(hits(page)).to_have_count(40)
    page.keyboard.press("End")
    expect(hits(page)).to_have_count(60)
    assert len(set(hits(page).evaluate_all("all => all.map(one => one.dataset.message)"))) == 60


def test_hits_can_be_grouped_by_conversation(open_page: Open) -> None:
    page = open_page("?q=rain")
    expect(hits(page).nth(3)).to_contain_text("Long talk")
    page.get_by_role("switch").click()
    expect(page).to_have_url(re.compile("group=true"))
    expect(hits(page).filter(has_text="Long talk")).to_have_count(1)
    expect(hits(page).filter(has_text="Long talk")).to_contain_text("more in this conversation")


def test_words_only_finds_fewer_than_words_and_meaning(open_page: Open) -> None:
    page = open_page("?q=launchpad")
    expect(hits(page).nth(5)).to_be_visible()
    page.get_by_text("Words", exact=True).click()
    expect(hits(page)).to_have_count(2)  # the message, and the answer to it
    expect(page).to_have_url(re.compile("mode=lexical"))


def test_similar_messages_are_found_from_a_message(open_page: Open) -> None:
    page = open_page("?q=sourdough+starter")
    hits(page).first.click()
    page.locator(".turn.target").get_by_role("button", name="Similar").click()
    expect(page).to_have_url(re.compile("like=m_"))
    expect(page.locator("#reader")).to_be_hidden()
    expect(page.locator(".like")).to_contain_text(re.compile("sourdough|starter"))
    expect(hits(page).first).to_be_visible()
    page.get_by_role("button", name="Remove Like one message").click()
    expect(page.locator("#start")).to_be_visible()


def test_what_is_remembered_is_found_at_once(open_page: Open) -> None:
    page = open_page("?q=caraway")
    expect(page.locator("#status")).to_contain_text("No message has these words")
    page.keyboard.press("m")
    page.get_by_role("textbox", name="What").fill("Bread without caraway, please <b>never</b>")
    page.get_by_label("Category").fill("preference")
    page.get_by_label("Labels").fill("bread, taste")
    page.locator("#remember-form").get_by_role("button", name="Remember").click()
    expect(page.locator("#toast")).to_contain_text("Remembered")
    memory = hits(page).filter(has_text="caraway").first
    expect(memory.locator(".tag")).to_have_text(["Memory", "preference", "100 % sure", "#bread", "#taste"])
    memory.click()
    expect(page.locator(".turn.target")).to_contain_text("please <b>never</b>")
    expect(page.locator(".turn.target .tag")).to_have_text(["preference", "100 % sure", "#bread", "#taste"])


def test_a_memory_that_cannot_be_kept_is_said_in_its_place(open_page: Open) -> None:
    page = open_page()
    page.get_by_role("button", name="Remember").click()
    page.get_by_role("textbox", name="What").fill("x")
    page.get_by_label("Labels").fill(", ".join(f"label{n}" for n in range(30)))
    page.locator("#remember-form").get_by_role("button", name="Remember").click()
    expect(page.locator("#remember-form .problem")).to_be_visible()
    expect(page.get_by_role("textbox", name="What")).to_have_value("x")


def test_light_and_dark_follow_the_system_until_one_is_chosen(open_page: Open) -> None:
    ground = "getComputedStyle(document.body).backgroundColor"
    light, dark = open_page("?q=bread").evaluate(ground), open_page("?q=bread", dark=True)
    assert dark.evaluate(ground) != light
    dark.get_by_role("button", name="Light or dark").click()
    assert dark.evaluate(ground) == light
    dark.reload()
    assert dark.evaluate(ground) == light
    dark.get_by_role("link", name="Dashboard").click()
    expect(dark.locator("#state")).to_have_text("Live")
    assert dark.evaluate(ground) == light


@pytest.mark.parametrize(("width", "height"), [(360, 720), (640, 400)], ids=["a phone", "zoomed to 200 %"])
def test_nothing_is_cut_off_where_there_is_little_room(open_page: Open, width: int, height: int) -> None:
    overflow = "document.documentElement.scrollWidth - innerWidth"
    page = open_page(width=width, height=height)
    expect(page.locator("#start")).to_be_visible()
    assert page.evaluate(overflow) <= 0
    page.goto(page.url + "?q=index+scan")
    expect(hits(page).first).to_be_visible()
    assert page.evaluate(overflow) <= 0
    expect(page.locator("#facets")).to_be_hidden()
    page.get_by_role("button", name="Filters").click()
    expect(page.locator("#facets")).to_be_visible()
    assert page.evaluate(overflow) <= 0
    hits(page).first.click()
    expect(page.locator(".turn.target")).to_be_visible()
    box = page.locator("#reader").bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= width
    assert page.evaluate("(one => one.scrollWidth - one.clientWidth)(document.querySelector('.reader-body'))") <= 0
    for _ in range(30):  # what is covered cannot get the focus
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.closest('.top, main, .filters')") is None
    page.get_by_role("button", name="Close").click()
    expect(hits(page).first).to_be_focused()
    page.goto(page.url.partition("?")[0] + "dashboard")
    expect(page.locator("#state")).to_have_text("Live")
    assert page.evaluate(overflow) <= 0


def test_every_control_has_a_name(open_page: Open) -> None:
    nameless = """all => all.filter(one => !(one.textContent.trim() || one.ariaLabel || one.labels?.length))
        .map(one => one.outerHTML)"""
    page = open_page("?q=sourdough")
    hits(page).first.click()
    expect(page.locator(".turn.target")).to_be_visible()
    assert page.locator("button, a, input, textarea").evaluate_all(nameless) == []
    dashboard = open_page("dashboard")
    expect(dashboard.locator("#state")).to_have_text("Live")
    assert dashboard.locator("button, a, input").evaluate_all(nameless) == []
    assert dashboard.locator(".chart[role=img][aria-label]").count() == dashboard.locator(".chart").count() > 0


def test_the_dashboard_follows_the_service(open_page: Open, address: str) -> None:
    page = open_page("dashboard")
    assert page.request.get(f"{address}search/rag?q=sourdough").ok
    expect(page.locator("#state")).to_have_text("Live")
    expect(page.locator("#facts")).to_contain_text("ChatGPT")
    card = page.locator(".card", has_text="Search latency")
    expect(card.locator("dd").first).to_have_text(re.compile(r"^[\d.]+ ms$"))
    line = page.locator(".card", has_text="Memory per worker").locator("path.line-0").last
    before = line.get_attribute("d")
    page.wait_for_timeout(1300)
    assert line.get_attribute("d") != before
    page.get_by_role("button", name="Pause").click()
    expect(page.locator("#state")).to_have_text("Paused")
    page.wait_for_timeout(300)
    before = line.get_attribute("d")
    page.wait_for_timeout(1300)
    assert line.get_attribute("d") == before
    page.get_by_role("button", name="Go on").click()
    expect(page.locator("#state")).to_have_text("Live")


def test_the_dashboard_says_when_the_service_is_away_and_recovers(open_page: Open) -> None:
    page = open_page("dashboard")
    expect(page.locator("#state")).to_have_text("Live")
    page.context.set_offline(True)
    expect(page.locator("#state")).to_have_text("Away")
    expect(page.get_by_role("alert")).to_contain_text("The service cannot be reached since")
    page.context.set_offline(False)
    expect(page.locator("#state")).to_have_text("Live")
    expect(page.get_by_role("alert")).not_to_contain_text("cannot be reached")


def test_alerts_and_a_running_import_are_shown(open_page: Open) -> None:
    page = open_page()

    def changed(route: Route) -> None:
        figures = route.fetch().json()
        figures["search_latency"] |= {"p95_ms": 1234.0, "searches": 500}
        since = "2026-11-21T10:00:00Z"
        slow = {
            "rule": "WorkbenchSearchSlow",
            "severity": "warning",
            "figure": "search_latency.p95_ms",
            "value": 1234.0,
            "limit": "above 30",
            "summary": "95 % of searches take up to 1,234 ms.",
            "since": since,
        }
        figures["alerts"] = [
            slow | {"state": "firing"},
            slow | {"rule": "Another", "summary": "It is late.", "state": "pending"},
        ]
        figures["ingestion"] = {"stage": "embedding", "done": 1500, "total": 6000, "unit": "texts", "seconds": 75.0}
        figures["memory"]["private_bytes"] = 100e6  # this process has run many other tests before
        route.fulfill(json=figures)

    page.route("**/metrics/performance/live", changed)
    page.get_by_role("link", name="Dashboard").click()
    expect(page.get_by_role("alert")).to_contain_text("95 % of searches take up to 1,234 ms. Since")
    expect(page.get_by_role("alert")).to_contain_text("It is late. Since")
    expect(page.locator(".alerts .pending")).to_contain_text("not long enough for an alert yet")
    expect(page.locator(".card.over")).to_have_count(1)
    expect(page.locator("#facts")).to_contain_text("Embedding: 1,500 of 6,000 texts, for 1 min")
    assert page.get_by_role("progressbar", name="embedding").evaluate("bar => bar.position") == 0.25


def test_away_while_searching_is_said_and_can_be_tried_again(open_page: Open) -> None:
    page = open_page("?q=sourdough")
    expect(hits(page).first).to_be_visible()
    page.context.set_offline(True)
    page.locator("#q").fill("index scan")
    page.locator("#q").press("Enter")
    expect(page.locator(".problem")).to_contain_text("cannot be reached")
    page.context.set_offline(False)
    page.get_by_role("button", name="Try again").click()
    expect(hits(page).first).to_be_visible()


def test_a_service_with_a_token_is_asked_with_it(open_page: Open, store: Path) -> None:
    with serving(ServiceOptions(store, token=TOKEN)) as at:
        _OTHERS.add(at)
        page = open_page("?q=sourdough", at=at)
        expect(page.get_by_role("heading", name="This service asks for a token")).to_be_visible()
        page.get_by_role("textbox", name="Token").fill("not-the-right-one-at-all")
        page.keyboard.press("Enter")
        expect(page.get_by_text("The token was refused")).to_be_visible()
        page.get_by_role("textbox", name="Token").fill(TOKEN)
        page.keyboard.press("Enter")
        expect(hits(page).first).to_be_visible()
        page.reload()
        expect(hits(page).first).to_be_visible()
        assert page.evaluate("[localStorage.length, document.cookie]") == [0, ""]
        page.context.close()
