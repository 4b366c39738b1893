#!/usr/bin/env python3
"""compare, report.py and plot.py on figures made up for the purpose."""

import copy
import io
import importlib.machinery
import importlib.util
import os
import sys
import unittest
import xml.etree.ElementTree

HERE = os.path.dirname(os.path.abspath(__file__))
sys.dont_write_bytecode = True
sys.path.insert(0, HERE)
import figures  # noqa: E402
import plot  # noqa: E402
import report  # noqa: E402


def load_compare():
    loader = importlib.machinery.SourceFileLoader("compare", os.path.join(os.path.dirname(HERE), "compare"))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("compare", loader))
    loader.exec_module(module)
    return module


compare = load_compare()

FIGURE = {"suite": "events-socket", "case": "100", "unit": "events/s", "better": "higher", "subject": 480000.0,
          "subject_min": 470000.0, "subject_max": 490000.0, "floor": "batched", "floor_median": 800000.0, "ratio": 0.6,
          "rounds": 5, "sets": 1, "spread": 0.05, "refused": False,
          "reach": [{"of": "ratio", "relation": ">=", "value": 0.6, "holds": True}]}


def content(**changes) -> dict:
    figure = copy.deepcopy(FIGURE)
    figure.update(changes)
    return {"format": 1, "mode": "full", "machine": {"processor": "P", "cores": 2, "kernel": "6", "load": 0.5},
            "versions": {"drydock": "0.1.0"}, "figures": [figure], "series": []}


class Compare(unittest.TestCase):
    def outcome(self, before, after):
        out = io.StringIO()
        return compare.compare(before, after, out), out.getvalue()

    def test_equal(self):
        self.assertEqual(self.outcome(content(), content()), (0, "nothing is worse\n"))

    def test_within_the_spread(self):
        self.assertEqual(self.outcome(content(), content(ratio=0.575)), (0, "nothing is worse\n"))

    def test_worse(self):
        self.assertEqual(self.outcome(content(), content(ratio=0.48)),
                         (1, "events-socket/100 to batched: 0.6 → 0.48, worse by 20%\n"))

    def test_better(self):
        code, text = self.outcome(content(), content(ratio=0.72))
        self.assertEqual((code, text), (0, "events-socket/100 to batched: 0.6 → 0.72, better by 20%\n"
                                           "nothing is worse\n"))

    def test_lower_is_better(self):
        self.assertEqual(self.outcome(content(better="lower"), content(better="lower", ratio=0.72))[0], 1)

    def test_wide_spread_of_one_side(self):
        self.assertEqual(self.outcome(content(spread=0.19), content(ratio=0.5))[0], 0)

    def test_absolute_figures_do_not_count_where_there_is_a_floor(self):
        self.assertEqual(self.outcome(content(), content(subject=1.0))[0], 0)

    def test_refused(self):
        code, text = self.outcome(content(), content(ratio=0.1, refused=True))
        self.assertEqual(code, 0)
        self.assertIn("refused, not compared", text)

    def test_from_nothing(self):
        figure = {"subject": 0.0, "better": "lower", "unit": "bytes grown"}
        before, after = content(**figure), content(**figure)
        for one in (before, after):
            del one["figures"][0]["floor"]
        after["figures"][0]["subject"] = 10.0
        self.assertEqual(self.outcome(before, after)[0], 1)

    def test_other_mode(self):
        other = content()
        other["mode"] = "quick"
        self.assertEqual(self.outcome(content(), other)[0], 2)

    def test_only_in_one(self):
        other = content(case="1")
        code, text = self.outcome(content(), other)
        self.assertEqual(code, 0)
        self.assertIn("events-socket/100 to batched: only in the first", text)
        self.assertIn("events-socket/1 to batched: only in the second", text)


class Report(unittest.TestCase):
    def test_table(self):
        self.assertIn("| events-socket/100 | 480 000 events/s | batched 800 000 | 0.6 | 5% | ratio ≥ 0.6 ✓ |",
                      report.table(content()))

    def test_refused_in_the_table(self):
        self.assertIn("| refused: 31% |", report.table(content(spread=0.31, refused=True)))

    def test_joined(self):
        whole = figures.join([content(), content(case="1")])
        self.assertEqual([figure["case"] for figure in whole["figures"]], ["100", "1"])

    def test_plots(self):
        whole = content()
        for suite, case in (("latency", "p99"), ("latency", "10000-a-second-p99"), ("memory", "churn")):
            whole["series"].append({"suite": suite, "case": case, "name": "event", "x_unit": "", "y_unit": "",
                                    "points": [[0.5, 10.0], [0.99, 200.0]]})
        drawn = report.plots(whole)
        self.assertEqual(sorted(drawn), ["latency-10000-a-second.svg", "latency.svg", "memory.svg",
                                         "throughput-events-socket.svg"])
        for svg in drawn.values():
            xml.etree.ElementTree.fromstring(svg)
        self.assertIn("floor: batched", drawn["throughput-events-socket.svg"])

    def test_no_such_file(self):
        with self.assertRaisesRegex(ValueError, "no bench.json of format 1|Is a directory|No such file"):
            figures.load("/nonexistent/bench.json")


class Plot(unittest.TestCase):
    def test_places(self):
        axis = plot.Axis([1, 100_000], 0, 100, log=True)
        self.assertAlmostEqual(axis.place(1000), 60)
        axis = plot.Axis([0, 100], 0, 100, log=False)
        self.assertEqual(axis.ticks()[-1], 100)

    def test_one_point(self):
        xml.etree.ElementTree.fromstring(plot.draw("t", "x", "y", [plot.Line("a", [(1, 1)])]))


if __name__ == "__main__":
    unittest.main()
