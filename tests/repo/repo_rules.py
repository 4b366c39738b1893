#!/usr/bin/env python3
"""The rules of the source tree: who may include whom, what is never used, how long files are, which folders exist.

    repo_rules.py ROOT      prints each violation as PATH:LINE: RULE: what is wrong; exit code 1 if there is one

docs/architecture.md explains the include table; repo_rules_test.py plants a violation of every rule.
"""

import os
import re
import subprocess
import sys
from typing import Iterable, NamedTuple

MAX_LINES = 600

TOP_FOLDERS = {"lib", "fake_containerd", "scenarios", "fuzz", "bench", "tests", "docs", "cmake", ".ci"}
TOP_FILES = {
    "CMakeLists.txt", "CMakePresets.json", "README.md", "CONTRIBUTING.md", "LICENSE", "run.sh", "test.sh",
    "packages.txt", ".clang-format", ".clang-tidy", ".gitignore",
}

# What the name of an included file says about where it comes from; the first that matches counts. The rest is the
# standard library's and the system's, which everybody may use.
ORIGINS = [
    ("grpc", r"^(grpc|grpcpp)/|\.grpc\.pb\.h$"),
    ("protobuf", r"^google/|\.pb\.h$"),
    ("absl", r"^absl/"),
    ("gtest", r"^(gtest|gmock|rapidcheck)[/.]"),
    ("benchmark", r"^benchmark/"),
    ("asio", r"^asio[/.]"),
    ("expected", r"^tl/"),
    ("json", r"^nlohmann/"),
    ("openssl", r"^openssl/"),
    ("cli", r"^CLI/"),
    ("xml", r"^pugi"),
    ("log", r"^spdlog/"),
    ("ours", r"^(libcontainerd|lib|fake_containerd|scenarios|tests|fuzz|bench)/"),
]

# The world's nouns, which users of the fixture share.
WORLD_VALUES = (
    r"^fake_containerd/(behaviour|behaviour_text|choices|fault_plan|injector|model|mutant|pattern|stats)\.h$"
)
RUNTIME_HEADERS = (
    r"^libcontainerd/(runtime|async|error|json_text|light_queue|random|seldom|unique_function|mailbox|memory_fifos"
    r"|simulated_runtime|threaded_runtime|time_text)\.h$"
)


class Layer(NamedTuple):
    """Files of ours whose path matches `files` may include those of ours that match one of `ours`, and `foreign`."""

    name: str
    files: str
    ours: list
    foreign: set


BASE = {"asio", "expected"}
# The first layer that matches a file is its layer.
LAYERS = [
    Layer("public headers", r"^lib/include/", [r"^libcontainerd/"], BASE | {"protobuf"}),
    Layer("runtime", r"^lib/runtime/", [RUNTIME_HEADERS, r"^lib/runtime/"], BASE),
    Layer("core", r"^lib/core/", [r"^libcontainerd/", r"^lib/(core|runtime)/"], BASE | {"protobuf", "json"}),
    Layer("gRPC adapters", r"^lib/adapters/grpc_", [r"^libcontainerd/", r"^lib/"],
          BASE | {"protobuf", "json", "grpc"}),
    Layer("adapters", r"^lib/adapters/", [r"^libcontainerd/", r"^lib/"], BASE | {"protobuf", "json"}),
    Layer("GoogleTest fixture", r"^fake_containerd/include/fake_containerd/testing\.h$",
          [r"^libcontainerd/", r"^fake_containerd/"], BASE | {"gtest"}),
    Layer("fixture headers", r"^fake_containerd/include/", [r"^libcontainerd/", r"^fake_containerd/"], BASE),
    Layer("world", r"^fake_containerd/world/",
          [RUNTIME_HEADERS, r"^fake_containerd/world/", WORLD_VALUES],
          BASE | {"json", "openssl"}),
    Layer("v0", r"^fake_containerd/v0/",
          [RUNTIME_HEADERS, r"^libcontainerd/(containerd_api|event_burst)\.h$", r"^fake_containerd/(v0|world)/",
           WORLD_VALUES],
          BASE | {"protobuf", "json"}),
    Layer("server", r"^fake_containerd/server", [r"^libcontainerd/", r"^fake_containerd/"],
          BASE | {"protobuf", "json", "log", "grpc"}),
    Layer("fake containerd", r"^fake_containerd/", [r"^libcontainerd/", r"^fake_containerd/"],
          BASE | {"protobuf", "json", "log", "cli"}),
    Layer("scenarios", r"^scenarios/", [r"^libcontainerd/", r"^lib/", r"^fake_containerd/", r"^scenarios/"],
          BASE | {"protobuf", "json", "openssl", "cli", "xml", "log"}),
    # Tests of what uses gRPC, which bear its name, may use what they like.
    Layer("tests", r"^(tests|fuzz|bench)/(?!.*/(grpc_|server|conformance)[^/]*$)", [r""],
          {origin for origin, _ in ORIGINS} - {"absl", "grpc"}),
]

# Never used, but in the files that match `unless`.
BANNED = [
    ("asio-timer", r"\b(steady_timer|system_timer|high_resolution_timer)\b", r"^lib/runtime/",
     "timers are the Runtime's; on another executor Asio's own silently start a thread and real time"),
    ("detached", r"\basio::detached\b", r"^$", "start coroutines with Spawn or a TaskScope, which report what escapes"),
    ("sleep", r"\b(sleep_for|sleep_until|usleep|nanosleep)\b|(?<![\w.>])::sleep\(", r"^lib/runtime/",
     "wait for what is meant, with a timeout"),
]


class Violation(NamedTuple):
    path: str
    line: int
    rule: str
    what: str

    def __str__(self):
        return f"{self.path}:{self.line}: {self.rule}: {self.what}"


def tree_files(root: str) -> list:
    """Paths below root of all files that belong to the tree: what git tracks or would add."""
    git = subprocess.run(["git", "-C", root, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
                         capture_output=True, text=True, check=False)
    if git.returncode == 0:
        return sorted(p for p in set(git.stdout.split("\0")) if p and os.path.exists(os.path.join(root, p)))
    found = []
    for folder, folders, files in os.walk(root):
        if folder == root:
            folders[:] = [name for name in folders if name not in {".git", "build", "out"}]
        found += [os.path.relpath(os.path.join(folder, name), root) for name in files]
    return sorted(found)


def is_source(path: str) -> bool:
    return path.endswith((".cc", ".h"))


def without_comments(text: str) -> str:
    """The text with comments and string literals blanked, line numbers kept. Includes keep their names."""
    token = re.compile(r'//[^\n]*|/\*.*?\*/|R"(\w*)\(.*?\)\1"|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.DOTALL)

    def blank(match):
        line_start = text.rfind("\n", 0, match.start()) + 1
        if text[line_start:match.start()].strip().startswith("#") and match.group().startswith('"'):
            return match.group()
        return re.sub(r"[^\n]", " ", match.group())

    return token.sub(blank, text)


def origin_of(included: str) -> str:
    return next((name for name, pattern in ORIGINS if re.search(pattern, included)), "system")


def layer_of(path: str):
    return next((layer for layer in LAYERS if re.search(layer.files, path)), None)


def check_includes(path: str, code: str) -> Iterable:
    layer = layer_of(path)
    for match in re.finditer(r'^[ \t]*#[ \t]*include[ \t]*(["<])([^">]+)[">]', code, re.MULTILINE):
        quote, included = match.groups()
        line = code.count("\n", 0, match.start(2)) + 1
        origin = origin_of(included)
        if origin == "absl" and path.endswith(".h"):
            yield Violation(path, line, "absl-in-header", f"{included}: Debian's Abseil has types of its own for std's")
        elif layer is None:
            continue
        elif origin == "ours":
            if not any(re.search(pattern, included) for pattern in layer.ours):
                yield Violation(path, line, f"include/{layer.name}", f"{layer.name} may not include {included}")
        elif origin == "system":
            if quote == '"':
                yield Violation(path, line, "include-path", f"{included}: name it from the repository's root")
        elif origin not in layer.foreign and not (origin == "absl" and "grpc" in layer.foreign):
            yield Violation(path, line, f"include/{layer.name}", f"{layer.name} may not use {origin} ({included})")


def check_banned(path: str, code: str) -> Iterable:
    for rule, pattern, unless, why in BANNED:
        if re.search(unless, path):
            continue
        for match in re.finditer(pattern, code):
            yield Violation(path, code.count("\n", 0, match.start()) + 1, rule, f"{match.group()}: {why}")


def check_length(path: str, text: str) -> Iterable:
    lines = text.count("\n")
    if lines >= MAX_LINES:
        yield Violation(path, lines, "file-length", f"{lines} lines; split it below {MAX_LINES}")


def check_top_level(files: list) -> Iterable:
    for path in files:
        top, _, rest = path.partition("/")
        if rest and top not in TOP_FOLDERS:
            yield Violation(path, 1, "top-level", f"folder {top}/ has no place at the top")
        elif not rest and top not in TOP_FILES:
            yield Violation(path, 1, "top-level", f"file {top} has no place at the top")


def folders_of(files: list) -> set:
    """The folders that docs/architecture.md has to list: the top ones and those one below, but for tests/'."""
    folders = set()
    for path in files:
        parts = path.split("/")[:-1]
        if parts:
            folders.add(parts[0] + "/")
        if len(parts) > 1 and parts[0] != "tests":
            folders.add("/".join(parts[:2]) + "/")
    return folders


def check_folder_list(files: list, text: str) -> Iterable:
    page = "docs/architecture.md"
    listed = {}
    for number, line in enumerate(text.splitlines(), 1):
        match = re.match(r"\| `([\w./-]+/)` \|", line)
        if match:
            listed[match.group(1)] = number
    actual = folders_of(files)
    for folder in sorted(actual - set(listed)):
        yield Violation(page, 1, "folder-list", f"the table of folders lacks {folder}")
    for folder in sorted(set(listed) - actual):
        yield Violation(page, listed[folder], "folder-list", f"there is no folder {folder}")


def rule_names() -> set:
    return ({f"include/{layer.name}" for layer in LAYERS} | {rule for rule, *_ in BANNED} |
            {"absl-in-header", "include-path", "file-length", "top-level", "folder-list"})


def check(root: str) -> list:
    files = tree_files(root)
    violations = list(check_top_level(files))
    architecture = ""
    for path in files:
        if not is_source(path) and path != "docs/architecture.md":
            continue
        with open(os.path.join(root, path), encoding="utf-8") as file:
            text = file.read()
        if not is_source(path):
            architecture = text
            continue
        code = without_comments(text)
        violations += check_includes(path, code)
        violations += check_banned(path, code)
        violations += check_length(path, text)
    violations += check_folder_list(files, architecture)
    return violations


def main() -> int:
    if len(sys.argv) != 2:
        print("usage: repo_rules.py ROOT", file=sys.stderr)
        return 2
    violations = check(sys.argv[1])
    for violation in violations:
        print(violation)
    print(f"{len(violations)} violations")
    return 1 if violations else 0


if __name__ == "__main__":
    sys.exit(main())
