#!/usr/bin/env python3
"""What other programs make of the files of a report: schemas, and the rules of Chrome's trace format.

    report_files_test.py WRITE_SAMPLES SOURCE_DIR

WRITE_SAMPLES writes the sample reports. Needs xmllint and python3-jsonschema.
"""

import copy
import json
import os
import subprocess
import sys
import tempfile
import unittest
from collections import defaultdict

import jsonschema

WRITE_SAMPLES, SOURCE_DIR = sys.argv[1:3]
SCHEMA_DIR = os.path.join(SOURCE_DIR, "scenarios", "schema")


def read_json(*path):
    with open(os.path.join(*path), encoding="utf-8") as file:
        return json.load(file)


class ReportFiles(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory(prefix="report-files-")
        cls.addClassCleanup(cls.temporary.cleanup)
        subprocess.run([WRITE_SAMPLES, cls.temporary.name], check=True, timeout=60)
        cls.sample = os.path.join(cls.temporary.name, "sample")

    def xmllint(self, path):
        schema = os.path.join(SCHEMA_DIR, "junit.xsd")
        return subprocess.run(["xmllint", "--noout", "--nonet", "--schema", schema, path], capture_output=True,
                              text=True, timeout=30, check=False)

    def test_all_files_are_there(self):
        self.assertEqual(sorted(os.listdir(self.sample)), [
            "bad___script__input.journal.jsonl", "junit.xml", "lifecycle_start-exit.journal.jsonl",
            "museum_B31.journal.jsonl", "oom_exec-flag.journal.jsonl", "report.html", "report.json", "trace.json"])

    def test_junit_is_valid(self):
        result = self.xmllint(os.path.join(self.sample, "junit.xml"))
        self.assertEqual(result.returncode, 0, result.stderr)

    def test_junit_schema_refuses(self):
        with open(os.path.join(self.sample, "junit.xml"), encoding="utf-8") as file:
            text = file.read()
        for good, bad in [(' tests="7"', ' tests="many"'), ("<testcase ", "<test "), (' name="restore/slow"', ""),
                          ("<skipped ", "<ignored ")]:
            self.assertIn(good, text)
            path = os.path.join(self.temporary.name, "broken.xml")
            with open(path, "w", encoding="utf-8") as file:
                file.write(text.replace(good, bad))
            self.assertNotEqual(self.xmllint(path).returncode, 0, bad)

    def validator(self):
        schema = read_json(SCHEMA_DIR, "report.schema.json")
        jsonschema.Draft202012Validator.check_schema(schema)
        return jsonschema.Draft202012Validator(schema)

    def test_report_json_is_valid(self):
        for name in ("sample", "big"):
            errors = [error.message for error in
                      self.validator().iter_errors(read_json(self.temporary.name, name, "report.json"))]
            self.assertEqual(errors, [])

    def test_report_schema_refuses(self):
        def change(path, value):
            report = copy.deepcopy(self.report)
            place = report
            for key in path[:-1]:
                place = place[key]
            if value is None:
                del place[path[-1]]
            else:
                place[path[-1]] = value
            return report

        self.report = read_json(self.sample, "report.json")
        broken = next(i for i, guarantee in enumerate(self.report["scenarios"][1]["guarantees"])
                      if guarantee["verdict"] == "broken")
        for path, value in [(["format"], "other"), (["version"], 2), (["run", "seed"], -1), (["scenarios", 0, "name"], None),
                            (["scenarios", 0, "verdict"], "fine"), (["scenarios", 0, "journal"], "../up.journal.jsonl"),
                            (["scenarios", 1, "guarantees", broken, "violations"], None),
                            (["scenarios", 2, "complaints", 0, "column"], None), (["summary", "failed"], None)]:
            self.assertFalse(self.validator().is_valid(change(path, value)), path)

    def test_manual_has_every_file_and_field(self):
        with open(os.path.join(SOURCE_DIR, "docs", "reports.md"), encoding="utf-8") as file:
            manual = file.read()

        def fields(schema):
            for name, value in schema.get("properties", {}).items():
                yield name
                yield from fields(value)

        schema = read_json(SCHEMA_DIR, "report.schema.json")
        names = set(fields(schema))
        for definition in schema["$defs"].values():
            names.update(fields(definition))
        self.assertGreater(len(names), 40)
        for name in sorted(names) + ["report.html", "report.json", "junit.xml", "trace.json", "NAME.journal.jsonl"]:
            self.assertIn(f"`{name}`", manual)

    def test_example_of_the_manual_is_valid(self):
        with open(os.path.join(SOURCE_DIR, "docs", "reports.md"), encoding="utf-8") as file:
            examples = file.read().split("```json\n")[1:]
        self.assertEqual(len(examples), 1)
        example = json.loads(examples[0].split("```")[0])
        self.assertEqual([error.message for error in self.validator().iter_errors(example)], [])

    def test_trace_is_what_viewers_read(self):
        trace = read_json(self.sample, "trace.json")
        events = trace["traceEvents"]
        processes = [e["args"]["name"] for e in events if e["ph"] == "M" and e["name"] == "process_name"]
        self.assertEqual(processes, ["drydock", "lifecycle/start-exit", "oom/exec-flag", "bad </script> input",
                                     "museum/B31"])
        threads = {(e["pid"], e["tid"]): e["args"]["name"]
                   for e in events if e["ph"] == "M" and e["name"] == "thread_name"}
        for name in ("web calls", "web RPCs", "web events", "web callbacks", "db calls"):
            self.assertIn(name, threads.values())
        slices = defaultdict(list)
        for event in events:
            self.assertIn(event["ph"], {"M", "X", "i", "s", "f"})
            if event["ph"] == "M":
                continue
            self.assertIn((event["pid"], event["tid"]), threads)
            self.assertGreaterEqual(event["ts"], 0)
            if event["ph"] == "X":
                self.assertGreater(event["dur"], 0)
                slices[event["pid"], event["tid"]].append((event["ts"], event["ts"] + event["dur"]))
        for spans in slices.values():
            spans.sort()
            for before, after in zip(spans, spans[1:]):
                self.assertLessEqual(before[1], after[0], "what overlaps stands in threads of its own")
        self.check_arrows(events, slices)

    def check_arrows(self, events, slices):
        arrows = defaultdict(list)
        for event in events:
            if event["ph"] in "sf":
                arrows[event["pid"], event["id"]].append(event)
                spans = slices[event["pid"], event["tid"]]
                self.assertTrue(any(begin <= event["ts"] < end for begin, end in spans), "an arrow holds on to a slice")
        # In the failed scenario: oom and the exits of e1 and init, each from the daemon and to its callback.
        self.assertEqual(sum(pid == 2 for pid, _ in arrows), 6)
        for ends in arrows.values():
            self.assertEqual([end["ph"] for end in ends], ["s", "f"])
            self.assertLess(ends[0]["ts"], ends[1]["ts"])


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
