#!/usr/bin/env python3
"""Checks scenario files against the published JSON Schema, with a real validator.

    schema_check.py SOURCE_DIR      prints what does not fit; exit code 1 if something does not

Looked at: every file below scenarios/library and scenarios/museum, every JSON example in docs/scenarios.md, and texts
that are broken in one way each, which the schema has to refuse.
"""

import glob
import json
import os
import re
import sys

import jsonschema

# Each differs from a scenario that the schema takes in the one thing that it is named after.
BROKEN = {
    "no actions": '{"intent": "x"}',
    "unknown part": '{"actions": [], "action": []}',
    "actions no list": '{"actions": {}}',
    "unknown word": '{"actions": [{"do": "craete", "id": "a"}]}',
    "neither action nor group": '{"actions": [{"id": "a"}]}',
    "missing field": '{"actions": [{"do": "create"}]}',
    "unknown field": '{"actions": [{"do": "create", "id": "a", "name": "b"}]}',
    "text for a number": '{"actions": [{"do": "exit", "id": "a", "code": "3"}]}',
    "number for a text": '{"actions": [{"do": "create", "id": 3}]}',
    "number too large": '{"actions": [{"do": "exit", "id": "a", "code": 256}]}',
    "number below zero": '{"actions": [{"do": "signal", "id": "a", "signal": -1}]}',
    "no whole number": '{"actions": [{"do": "signal", "id": "a", "signal": 1.5}]}',
    "no duration": '{"actions": [{"do": "advance", "by": "soon"}]}',
    "unknown event": '{"actions": [{"do": "emit", "type": "tea", "id": "a"}]}',
    "unknown method": '{"actions": [{"do": "wait", "rpc": "Stat"}]}',
    "two conditions": '{"actions": [{"do": "wait", "rpc": "State", "event": "exit"}]}',
    "no condition": '{"actions": [{"do": "wait"}]}',
    "unknown drop": '{"actions": [{"do": "expect", "dropped": {"lost": 1}}]}',
    "two groups": '{"actions": [{"at": "1s", "after": "1s", "actions": [{"do": "settle"}]}]}',
    "group and word": '{"actions": [{"do": "settle", "repeat": 2, "actions": [{"do": "settle"}]}]}',
    "empty group": '{"actions": [{"repeat": 2, "actions": []}]}',
    "broken within a group": '{"actions": [{"parallel": [[{"do": "settle"}, {"do": "rest"}]]}]}',
    "for_each without as": '{"actions": [{"for_each": [1], "actions": [{"do": "settle"}]}]}',
    "bad name of a variable": '{"variables": {"a-b": 1}, "actions": []}',
    "unknown duration": '{"setup": {"timing": {"call_deadlin": "1s"}}, "actions": []}',
    "unknown daemon": '{"setup": {"daemon": "lost"}, "actions": []}',
    "unknown transport": '{"setup": {"transports": ["http"]}, "actions": []}',
    "unknown deviation": '{"setup": {"deviations_off": ["all"]}, "actions": []}',
    "unknown guarantee": '{"guarantees": {"held": ["one-exits"]}, "actions": []}',
    "failure without id": '{"failure": {"what": "w", "reference": "r", "ours": "o"}, "actions": []}',
    "bad hex": '{"actions": [{"do": "note", "text": {"hex": "f"}}]}',
}


def without_comments(text: str) -> str:
    token = re.compile(r'"(?:\\.|[^"\\])*"|//[^\n]*|/\*.*?\*/', re.DOTALL)
    return token.sub(lambda match: match.group() if match.group().startswith('"') else " ", text)


def load(text: str):
    return json.loads(without_comments(text))


def examples(page: str):
    """The page's examples as scenarios: a list is the actions of one."""
    for number, text in enumerate(re.findall(r"^```json\n(.*?)^```", page, re.DOTALL | re.MULTILINE), 1):
        value = load(text)
        yield number, {"actions": value} if isinstance(value, list) else value


def main() -> int:
    source = sys.argv[1]
    with open(os.path.join(source, "scenarios/schema/scenario.schema.json"), encoding="utf-8") as file:
        schema = json.load(file)
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    problems = []
    checked = 0

    def check(name: str, value):
        nonlocal checked
        checked += 1
        for error in validator.iter_errors(value):
            best = jsonschema.exceptions.best_match([error])
            problems.append(f"{name}: {best.json_path}: {best.message[:300]}")

    for folder in ("library", "museum"):
        for path in sorted(glob.glob(os.path.join(source, "scenarios", folder, "**/*.json"), recursive=True)):
            with open(path, encoding="utf-8") as file:
                check(os.path.relpath(path, source), load(file.read()))
    with open(os.path.join(source, "docs/scenarios.md"), encoding="utf-8") as file:
        for number, value in examples(file.read()):
            check(f"docs/scenarios.md, example {number}", value)
    for name, text in BROKEN.items():
        if validator.is_valid(json.loads(text)):
            problems.append(f"{name}: the schema takes {text}")
    for problem in problems:
        print(problem)
    print(f"{checked} scenarios, {len(BROKEN)} broken ones, {len(problems)} problems")
    return 1 if problems or checked < 5 else 0


if __name__ == "__main__":
    sys.exit(main())
