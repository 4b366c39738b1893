#!/usr/bin/env python3
"""report.html in a real browser: what is shown, by mouse and keyboard, light and dark, small and big.

    report_page_test.py WRITE_SAMPLES

WRITE_SAMPLES writes the sample reports. Needs Debian's chromium, chromium-driver and python3-selenium.
"""

import faulthandler
import json
import os
import subprocess
import sys
import tempfile
import unittest

from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select, WebDriverWait

WRITE_SAMPLES = sys.argv[1]
TIME_LIMIT_SECONDS = 100  # all of it; it takes a tenth of that
WAIT_SECONDS = 20
SCRIPT_LIMIT_MS = 100

# Numbers of the sample's scenarios, in the order of sample_results.h.
PASSED, FAILED, HOSTILE, CANNOT_JUDGE, SKIPPED, MUSEUM, NO_JOURNAL = range(7)


def start_browser(profile):
    options = Options()
    options.binary_location = "/usr/bin/chromium"
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
                     "--window-size=1400,1000", "--force-device-scale-factor=1", f"--user-data-dir={profile}"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    browser = webdriver.Chrome(service=Service("/usr/bin/chromedriver"), options=options)
    browser.set_page_load_timeout(WAIT_SECONDS)
    browser.set_script_timeout(WAIT_SECONDS)
    return browser


class ReportPage(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        temporary = tempfile.TemporaryDirectory(prefix="report-page-", ignore_cleanup_errors=True)
        cls.addClassCleanup(temporary.cleanup)
        cls.directory = temporary.name
        subprocess.run([WRITE_SAMPLES, cls.directory], check=True, timeout=60)
        # What Chromium leaves in the home and temporary directories goes with the rest.
        os.environ.update(HOME=cls.directory, TMPDIR=cls.directory, XDG_CONFIG_HOME=cls.directory,
                          XDG_CACHE_HOME=cls.directory)
        cls.browser = start_browser(os.path.join(cls.directory, "profile"))
        cls.addClassCleanup(cls.browser.quit)

    def setUp(self):
        self.emulate("light")
        self.browser.get_log("browser")
        self.browser.get_log("performance")

    def tearDown(self):
        errors = [entry["message"] for entry in self.browser.get_log("browser")]
        self.assertEqual(errors, [], "the console stays empty")
        for entry in self.browser.get_log("performance"):
            message = json.loads(entry["message"])["message"]
            if message["method"] == "Network.requestWillBeSent":
                url = message["params"]["request"]["url"]
                self.assertTrue(url.startswith(("file://" + self.directory, "data:")), f"asked for {url}")

    # --- Helpers --------------------------------------------------------------------------------

    def open(self, report, address=""):
        self.browser.get("about:blank")
        self.browser.get(f"file://{self.directory}/{report}/report.html{address}")
        self.settle()

    def settle(self):
        """Until what was asked for has been drawn."""
        self.browser.execute_async_script(
            "const done = arguments[0]; requestAnimationFrame(() => requestAnimationFrame(() => done()));")

    def emulate(self, colours):
        self.browser.execute_cdp_cmd("Emulation.setEmulatedMedia",
                                     {"features": [{"name": "prefers-color-scheme", "value": colours}]})

    def find(self, selector):
        return self.browser.find_element(By.CSS_SELECTOR, selector)

    def all(self, selector):
        return self.browser.find_elements(By.CSS_SELECTOR, selector)

    def texts(self, selector):
        return [element.text for element in self.all(selector)]

    def entry(self, seq):
        return self.find(f'.entry[data-seq="{seq}"]')

    def drawn(self):
        return self.browser.execute_script(
            "return [...document.querySelectorAll('.entry')].map((e) => Number(e.dataset.seq)).sort((a, b) => a - b)")

    def focused(self):
        return int(self.browser.execute_script("return document.activeElement.dataset.seq || 0"))

    def press(self, *keys):
        ActionChains(self.browser).send_keys(*keys).perform()
        self.settle()

    def details(self):
        return self.find("#details").text

    def in_view(self, element, frame="#timeline"):
        return self.browser.execute_script(
            "const a = arguments[0].getBoundingClientRect(), b = document.querySelector(arguments[1])"
            ".getBoundingClientRect();"
            "return a.left >= b.left && a.left < b.right && a.top >= b.top && a.bottom <= b.bottom",
            element, frame)

    def script_ms(self, script, tries=3):
        """The script time that a script takes, with all that it sets off; the best of some tries, as the machine may
        be busy. The script knows the number of the try as `n`."""
        self.browser.execute_cdp_cmd("Performance.enable", {})

        def script_duration():
            metrics = self.browser.execute_cdp_cmd("Performance.getMetrics", {})["metrics"]
            return next(metric["value"] for metric in metrics if metric["name"] == "ScriptDuration") * 1000

        best = float("inf")
        for number in range(tries):
            before = script_duration()
            # In a task of the page: what the driver evaluates is not counted.
            self.browser.execute_async_script(
                f"const done = arguments[0], n = {number}; setTimeout(() => {{ {script}; "
                "requestAnimationFrame(() => requestAnimationFrame(() => done())); })")
            best = min(best, script_duration() - before)
        return best

    def type_filter(self, text):
        self.browser.execute_script(
            "const f = document.getElementById('entry-filter'); f.value = arguments[0];"
            "f.dispatchEvent(new Event('input'))", text)

    # --- What is shown --------------------------------------------------------------------------

    def test_summary(self):
        self.open("sample")
        self.assertEqual(self.find("h1").text, "drydock run scenarios/library")
        self.assertEqual(self.texts("#counts button"), ["3 passed", "2 failed", "1 cannot judge", "1 skipped"])
        facts = self.find("#run-facts").text
        for fact in ("7 scenarios", "seed 18446744073709551615", "shard 2 of 3", "61.5 s", "drydock 0.1.0"):
            self.assertIn(fact, facts)
        self.find("#slowest summary").click()
        self.assertEqual(self.texts("#slowest li")[0], "restore/slow 60.0 s")

    def test_list_filters(self):
        self.open("sample")
        self.assertEqual(len(self.all("#scenarios a")), 7)
        self.find("#counts .passed").click()
        self.assertEqual(len(self.all("#scenarios a")), 4)
        self.find("#counts .passed").click()
        self.find("#scenario-filter").send_keys("oom-flag-exec-clear museum")
        self.assertEqual([name.split("\n")[0] for name in self.texts("#scenarios a")], ["museum/B31"])
        self.assertEqual(self.find("#scenario-count").text, "1 of 7 scenarios")
        self.find("#scenarios a").click()
        self.settle()
        self.assertEqual(self.find("#scenario-name").text, "museum/B31")
        self.assertEqual(self.find("#scenarios a").get_attribute("aria-current"), "true")

    def test_failed_scenario_is_what_one_sees_first(self):
        self.open("sample")
        self.assertEqual(self.find("#scenario-name").text, "oom/exec-flag")
        self.assertEqual(self.find("#scenario-verdict").text, "failed")
        self.assertEqual(self.find("#scenario-reproduce").text,
                         "drydock run oom/exec-flag --transport loopback --seed 18446744073709551615")
        facts = self.find("#scenario-facts").text
        self.assertIn("3 actions, shrunk from 480", facts)
        self.assertIn("resembles B31 an exec's exit carries the OOM flag", facts)
        violations = self.texts("#violations > li")
        self.assertEqual(len(violations), 2)
        self.assertTrue(violations[0].startswith(
            "oom-flag-exact: web: exit is not flagged OOM-killed though an oom was delivered before it #18 #27 #28"))
        self.assertIn("An exit-process callback is never flagged OOM-killed.", violations[1])

    def test_lanes_rows_and_entries(self):
        self.open("sample", f"#{FAILED}")
        self.assertEqual(self.texts("#gutter .lane"), ["web", "db"])
        self.assertEqual(self.texts("#gutter .row"),
                         ["calls", "RPCs", "events", "callbacks", "calls", "RPCs", "callbacks"])
        self.assertEqual(self.drawn(), list(range(1, 30)))
        self.assertEqual(self.find("#entry-count").text, "29 entries")
        # In their order from left to right, though a third of them happened at the same time.
        lefts = self.browser.execute_script(
            "return [...document.querySelectorAll('.entry')].sort((a, b) => a.dataset.seq - b.dataset.seq)"
            ".map((e) => e.getBoundingClientRect().left)")
        self.assertEqual(lefts, sorted(set(lefts)))
        ticks = self.texts("#axis span")
        self.assertEqual((ticks[0], ticks[-1]), ("1 µs", "20.02 ms"))
        self.assertEqual(len(self.all(".bar.unended")), 1)  # the signal that nobody answered

    def test_labels_say_what_an_entry_is(self):
        self.open("sample", f"#{PASSED}")
        self.browser.execute_script("for (let i = 0; i < 4; ++i) document.getElementById('zoom-in').click()")
        self.settle()
        labels = []
        for seq in (1, 5, 11, 12, 13, 15, 16):
            self.browser.execute_script(f"location.hash = '#{PASSED}/{seq}'")
            self.settle()
            labels.append(self.entry(seq).text)
        self.assertEqual(labels, ["create", "✓ start-container", "exit e1", "delivered exit e1", "exit-process e1",
                                  "read stdout 12", "exit 3"])
        self.open("sample", f"#{HOSTILE}")
        self.assertTrue(self.entry(3).text.startswith("✗ create INVALID_ARGUMENT"))

    def test_entries_of_a_line_do_not_overlap(self):
        self.open("sample", f"#{FAILED}")
        boxes = self.browser.execute_script(
            "return [...document.querySelectorAll('.entry')].map((e) => e.getBoundingClientRect())"
            ".map((r) => [r.top, r.left, r.right])")
        boxes.sort()
        for before, after in zip(boxes, boxes[1:]):
            if before[0] == after[0]:
                self.assertLessEqual(before[2], after[1] + 0.5)

    def test_violations_are_marked_and_linked_both_ways(self):
        self.open("sample", f"#{FAILED}")
        marked = [int(element.get_attribute("data-seq")) for element in self.all(".entry.violated")]
        self.assertEqual(sorted(marked), [18, 23, 27, 28])
        self.assertEqual(len(self.all("#overview .violated")), 4)
        self.assertIn("shows a violation", self.entry(23).get_attribute("aria-label"))
        self.find('#violations a[href="#1/23"]').click()
        self.settle()
        self.assertEqual(self.focused(), 23)
        self.assertIn("oom-flag-exec-clear web/e1: exit-process is flagged OOM-killed", self.details())
        self.find("#details .to-violation").click()
        self.assertEqual(self.browser.execute_script("return document.activeElement.id"), "violation-1")
        self.assertIn("told", self.find("#violation-1").get_attribute("class"))

    def test_link_scrolls_to_a_far_entry(self):
        self.open("big")
        self.assertNotIn(9881, self.drawn())
        link = self.find('#violations a[href="#0/9881"]')
        link.click()
        self.settle()
        self.assertEqual(self.focused(), 9881)
        self.assertTrue(self.in_view(self.entry(9881)))
        # Once more to where one is already, after scrolling away.
        self.browser.execute_script("document.getElementById('timeline').scrollLeft = 0")
        self.settle()
        self.find('#violations a[href="#0/9881"]').click()
        self.settle()
        self.assertTrue(self.in_view(self.entry(9881)))

    def test_address_leads_to_an_entry(self):
        self.open("sample", f"#{MUSEUM}/5")
        self.assertEqual(self.find("#scenario-name").text, "museum/B31")
        self.assertEqual(self.focused(), 5)
        self.assertIn("(had to be broken)", self.find("#violations").text)

    def test_details_tell_all_of_an_entry(self):
        self.open("sample", f"#{FAILED}/23")
        for text in ("#23 callback_begin", "20.02 ms", "exit-process", "web", "e1", "flag", "ends with", "#24",
                     "comes of", "#22", '{"seq":23,"t":20020000,"kind":"callback_begin","what":"exit-process","id":"web",'
                     '"process":"e1","number":10,"flag":true}'):
            self.assertIn(text, self.details())
        # The journal's own line.
        with open(f"{self.directory}/sample/oom_exec-flag.journal.jsonl", encoding="utf-8") as file:
            lines = file.read().splitlines()
        for seq in (1, 22, 28):
            self.browser.execute_script(f"location.hash = '#{FAILED}/{seq}'")
            self.settle()
            self.assertIn(lines[seq - 1], self.details())

    def test_hover_shows_the_entry(self):
        self.open("sample", f"#{FAILED}")
        self.assertFalse(self.find("#hover").is_displayed())
        ActionChains(self.browser).move_to_element(self.entry(27)).perform()
        self.settle()
        self.assertTrue(self.find("#hover").is_displayed())
        self.assertIn("entry: #27 event_delivered\ntime: 20.02 ms\nwhat: exit\ncontainer: web", self.find("#hover").text)
        ActionChains(self.browser).move_to_element(self.find("h1")).perform()
        self.assertFalse(self.find("#hover").is_displayed())

    def test_filters_reduce(self):
        self.open("sample", f"#{FAILED}")
        self.find("#entry-filter").send_keys("exit web")
        self.settle()
        self.assertEqual(self.drawn(), list(range(21, 25)) + list(range(26, 30)))
        self.assertEqual(self.find("#entry-count").text, "8 of 29 entries")
        self.find("#entry-filter").clear()
        self.type_filter("#7")
        self.settle()
        self.assertEqual(self.drawn(), [7])
        self.type_filter("")
        Select(self.find("#container-filter")).select_by_visible_text("db")
        self.settle()
        self.assertEqual(self.texts("#gutter .lane"), ["db"])
        self.find('#row-filter input[data-row="0"]').click()
        self.settle()
        self.assertEqual(self.texts("#gutter .row"), ["RPCs", "callbacks"])
        self.press(Keys.ESCAPE)
        self.assertEqual(len(self.drawn()), 29)
        Select(self.find("#guarantee-filter")).select_by_visible_text("oom-flag-exact")
        self.settle()
        self.assertEqual(self.drawn(), [18, 27, 28])
        Select(self.find("#guarantee-filter")).select_by_visible_text("any violation")
        self.settle()
        self.assertEqual(self.drawn(), [18, 23, 27, 28])
        # A link to what the filter hides shows it all the same.
        self.browser.execute_script(f"location.hash = '#{FAILED}/3'")
        self.settle()
        self.assertEqual(self.focused(), 3)

    def test_filter_that_nothing_passes(self):
        self.open("sample", f"#{FAILED}")
        self.type_filter("no such thing")
        self.settle()
        self.assertEqual(self.drawn(), [])
        self.press(Keys.ARROW_RIGHT, "n")
        self.assertEqual(self.find("#entry-count").text, "0 of 29 entries")

    # --- Keys -----------------------------------------------------------------------------------

    def test_keys_move_among_entries(self):
        self.open("sample", f"#{FAILED}/1")
        for key, seq in [(Keys.ARROW_RIGHT, 2), (Keys.ARROW_RIGHT, 3), (Keys.ARROW_LEFT, 2), (Keys.END, 29),
                         (Keys.HOME, 1), (Keys.PAGE_DOWN, 29), (Keys.PAGE_UP, 1), (Keys.ENTER, 6), (Keys.ARROW_DOWN, 3),
                         ("n", 18), ("n", 23), ("p", 18)]:
            self.press(key)
            self.assertEqual(self.focused(), seq, key)
            self.assertIn(f"#{seq} ", self.details())
        ActionChains(self.browser).key_down(Keys.SHIFT).send_keys(Keys.ARROW_RIGHT).key_up(Keys.SHIFT).perform()
        self.settle()
        self.assertEqual(self.focused(), 21)  # the next event
        outline = self.browser.execute_script("const s = getComputedStyle(document.activeElement);"
                                              "return [s.outlineStyle, parseFloat(s.outlineWidth)]")
        self.assertEqual(outline[0], "solid")
        self.assertGreaterEqual(outline[1], 2)
        self.assertIn("exit", self.find(":focus").get_attribute("aria-label"))

    def test_one_entry_is_in_the_order_of_tabs(self):
        self.open("sample", f"#{FAILED}/5")
        self.assertEqual([e.get_attribute("data-seq") for e in self.all('.entry[tabindex="0"]')], ["5"])
        self.press(Keys.ARROW_RIGHT)
        self.assertEqual([e.get_attribute("data-seq") for e in self.all('.entry[tabindex="0"]')], ["6"])

    def test_keys_reach_filters_and_scenarios(self):
        self.open("sample", f"#{FAILED}/5")
        self.press("/")
        self.assertEqual(self.browser.execute_script("return document.activeElement.id"), "entry-filter")
        self.press("oom", Keys.ENTER)
        self.assertEqual(self.find("#entry-filter").get_attribute("value"), "oom")
        self.assertEqual(self.focused(), 17)
        self.press("/", Keys.ESCAPE, Keys.ESCAPE)
        self.assertEqual(self.find("#entry-filter").get_attribute("value"), "")
        self.assertEqual(self.focused(), 17)
        self.press("s")
        self.assertEqual(self.browser.execute_script("return document.activeElement.id"), "scenario-filter")
        self.press(Keys.ESCAPE)
        self.press("j")
        self.assertEqual(self.find("#scenario-name").text, "bad </script> input")
        self.press("k", "k")
        self.assertEqual(self.find("#scenario-name").text, "lifecycle/start-exit")

    def test_keys_are_told(self):
        self.open("sample")
        self.assertEqual(set(self.texts("#help kbd")),
                         {"←", "→", "↑", "↓", "Shift", "PgUp", "PgDn", "Home", "End", "n", "p", "Enter", "/", "s", "Esc",
                          "j", "k", "+", "−"})

    def test_zoom_keeps_the_focus(self):
        self.open("sample", f"#{FAILED}/20")
        before = self.entry(20).rect["x"] - self.entry(19).rect["x"]
        self.press("+", "+")
        self.assertEqual(self.focused(), 20)
        self.assertGreater(self.entry(20).rect["x"] - self.entry(19).rect["x"], before)
        self.press("-", "-", "-", "-", "-", "-", "-", "-")
        self.assertEqual(self.focused(), 20)
        self.assertLess(self.entry(20).rect["x"] - self.entry(19).rect["x"], before)

    # --- Other scenarios ------------------------------------------------------------------------

    def test_hostile_texts_are_only_shown(self):
        self.open("sample", f"#{HOSTILE}/1")
        self.assertEqual(self.browser.title, "drydock run scenarios/library — Drydock report")
        complaints = self.texts("#complaints li")
        self.assertEqual(len(complaints), 2)
        self.assertTrue(complaints[0].startswith("scenarios/library/bad.json:12:5: expected OK,\nfound </script><script>"))
        self.assertIn("</script>", self.texts("#gutter .lane")[1])
        self.assertIn("</script><script>document.title='broken'", self.details())

    def test_without_journal_there_is_no_timeline(self):
        for number, complaint in [(CANNOT_JUDGE, "the time-out of 60 s passed during action 3\n(restore web)"),
                                  (SKIPPED, None), (NO_JOURNAL, None)]:
            self.open("sample", f"#{number}")
            self.assertFalse(self.find("#timeline-section").is_displayed())
            self.assertTrue(self.find("#no-timeline").is_displayed())
            self.assertEqual(self.texts("#complaints li"), [complaint] if complaint else [])

    def test_guarantees_are_listed(self):
        self.open("sample", f"#{FAILED}")
        self.find("#guarantees summary").click()
        rows = self.texts("#guarantees tbody tr")
        self.assertEqual(len(rows), 39)
        self.assertTrue(any(row.startswith("oom-flag-exact broken") for row in rows))

    # --- Colours --------------------------------------------------------------------------------

    def colour(self, selector, name):
        value = self.browser.execute_script(
            "return getComputedStyle(document.querySelector(arguments[0]))[arguments[1]]", selector, name)
        return [int(part) for part in value[value.index("(") + 1:-1].split(",")[:3]]

    @staticmethod
    def luminance(colour):
        parts = [part / 255 for part in colour]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    def contrast(self, selector, background):
        lights = sorted([self.luminance(self.colour(selector, "color")),
                         self.luminance(self.colour(background, "backgroundColor"))])
        return (lights[1] + 0.05) / (lights[0] + 0.05)

    def test_colours_follow_the_system(self):
        for colours, dark in [("light", False), ("dark", True)]:
            self.emulate(colours)
            self.open("sample", f"#{FAILED}/1")
            self.assertEqual(self.luminance(self.colour("body", "backgroundColor")) < 0.1, dark)
            self.assertEqual(self.luminance(self.colour("body", "color")) > 0.5, dark)
            for selector, background in [("body", "body"), ("#run-facts", "header"), ("#violations .sentence", "body"),
                                         ("#violations strong", "body"), (".entry.r0", ".entry.r0"),
                                         (".entry.r1", ".entry.r1"), (".entry.violated", ".entry.violated"),
                                         ("#details dt", "#details"), ("#gutter .row", "#gutter .row"), ("#help", "body")]:
                self.assertGreaterEqual(self.contrast(selector, background), 4.5, (colours, selector))

    # --- Many entries ---------------------------------------------------------------------------

    def test_ten_thousand_entries_are_fluid(self):
        self.open("big")
        self.assertEqual(self.find("#entry-count").text, "10000 entries")
        self.assertLess(len(self.drawn()), 1000, "only what is in view exists")
        filter_by = "const f = document.getElementById('entry-filter'); f.value = {}; f.dispatchEvent(new Event('input'))"
        scroll = self.script_ms("document.getElementById('timeline').scrollLeft = 40000 + 50000 * n")
        self.assertLess(scroll, SCRIPT_LIMIT_MS)
        self.assertGreater(len(self.drawn()), 10)
        busy = self.script_ms("const end = performance.now() + 150; while (performance.now() < end) {}", tries=1)
        self.assertGreater(busy, SCRIPT_LIMIT_MS, "the measure sees what is slow")
        filtering = self.script_ms(filter_by.format("`c${n + 3} exit`"))
        self.assertLess(filtering, SCRIPT_LIMIT_MS)
        self.assertEqual(self.texts("#gutter .lane"), ["c5"])
        unfiltering = self.script_ms(filter_by.format("n % 2 === 0 ? '' : 'c1'"))
        self.assertLess(unfiltering, SCRIPT_LIMIT_MS)
        self.assertEqual(self.find("#entry-count").text, "10000 entries")
        self.find("#violations a").click()
        self.settle()
        moving = self.script_ms(
            "document.activeElement.dispatchEvent(new KeyboardEvent('keydown', {key: 'PageUp', bubbles: true}))")
        self.assertLess(moving, SCRIPT_LIMIT_MS)
        self.assertLess(self.focused(), 9800)
        print(f"script time: scroll {scroll:.1f} ms, filter {filtering:.1f} ms, unfilter {unfiltering:.1f} ms, "
              f"focus {moving:.1f} ms", file=sys.stderr)

    def test_a_hundred_thousand_entries_work(self):
        self.open("huge")
        self.assertEqual(self.find("#entry-count").text, "100000 entries")
        self.press(Keys.TAB)
        self.find('#violations a[href^="#0/"]').click()
        WebDriverWait(self.browser, WAIT_SECONDS).until(lambda _: self.focused() > 90_000)
        self.assertTrue(self.in_view(self.entry(self.focused())))
        self.press(Keys.HOME)
        self.assertEqual(self.focused(), 1)
        self.type_filter("c7 exit-process")
        self.settle()
        self.assertLess(int(self.find("#entry-count").text.split()[0]), 10_000)
        self.assertEqual(self.texts("#gutter .lane"), ["c7"])


if __name__ == "__main__":
    faulthandler.dump_traceback_later(TIME_LIMIT_SECONDS, exit=True)
    unittest.main(argv=[sys.argv[0], *sys.argv[2:]], verbosity=2)
