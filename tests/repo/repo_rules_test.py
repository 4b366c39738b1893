#!/usr/bin/env python3
"""A check that cannot fail is a defect: plants a violation of every rule into a small tree and looks for it."""

import os
import tempfile
import unittest

import repo_rules

# A tree that keeps every rule, with the includes that each layer needs.
CLEAN = {
    "README.md": "x\n",
    ".ci/run": "x\n",
    "cmake/X.cmake": "x\n",
    "lib/include/libcontainerd/x.h":
        '#include <vector>\n#include <asio/awaitable.hpp>\n#include "containerd_v0.pb.h"\n#include "libcontainerd/async.h"\n',
    "lib/runtime/x.cc": '#include "lib/runtime/x.h"\n#include "libcontainerd/async.h"\nasio::steady_timer timer;\n',
    "lib/core/x.cc": '#include "lib/core/x.h"\n#include <nlohmann/json.hpp>\n#include "lib/runtime/x.h"\n',
    "lib/adapters/x.cc": '#include "lib/core/x.h"\n#include <sys/stat.h>\n',
    "lib/adapters/grpc_x.cc": '#include <grpcpp/channel.h>\n#include <absl/status/status.h>\n',
    "fake_containerd/include/fake_containerd/x.h": '#include "libcontainerd/error.h"\n',
    "fake_containerd/world/x.cc": '#include "fake_containerd/world/x.h"\n#include "libcontainerd/mailbox.h"\n',
    "fake_containerd/v0/x.cc": '#include "fake_containerd/world/x.h"\n#include "libcontainerd/containerd_api.h"\n',
    "fake_containerd/server.cc": '#include "fake_containerd/v0/x.h"\n#include <grpcpp/server.h>\n',
    "fake_containerd/main.cc": '#include "fake_containerd/server.h"\n',
    "scenarios/x.cc":
        '#include "lib/core/x.h"\n#include "fake_containerd/world/x.h"\n'
        '// never asio::detached or usleep(1)\nconst char* text = "sleep_for";\n/* steady_timer */\n',
    "scenarios/long.cc": "\n" * (repo_rules.MAX_LINES - 1),
    "tests/lib/runtime/x_test.cc": '#include <gtest/gtest.h>\n#include "lib/runtime/x.h"\n',
    "tests/lib/adapters/grpc_x_test.cc": '#include <grpcpp/channel.h>\n',
    "docs/architecture.md": "".join(f"| `{folder}` | what it is for |\n" for folder in [
        ".ci/", "cmake/", "docs/", "fake_containerd/", "fake_containerd/include/", "fake_containerd/v0/", "fake_containerd/world/", "lib/",
        "lib/adapters/", "lib/core/", "lib/include/", "lib/runtime/", "scenarios/", "tests/"
    ]),
}

# (rule, path, text): the text makes the file, or is added to the end of that of CLEAN.
PLANTED = [
    ("include/public headers", "lib/include/libcontainerd/x.h", '#include "lib/core/x.h"\n'),
    ("include/public headers", "lib/include/libcontainerd/y.h", "#include <nlohmann/json.hpp>\n"),
    ("include/public headers", "lib/include/libcontainerd/grpc_y.h", "#include <grpcpp/channel.h>\n"),
    ("include/runtime", "lib/runtime/x.cc", '#include "libcontainerd/client.h"\n'),
    ("include/runtime", "lib/runtime/x.cc", '#include "containerd_v0.pb.h"\n'),
    ("include/core", "lib/core/x.cc", '#include "lib/adapters/x.h"\n'),
    ("include/core", "lib/core/x.cc", "#  include <grpcpp/channel.h>\n"),
    ("include/core", "lib/core/x.cc", '#include "containerd_v0.grpc.pb.h"\n'),
    ("include/core", "lib/core/x.cc", '#include "fake_containerd/world/x.h"\n'),
    ("include/core", "lib/core/x.cc", "#include <gtest/gtest.h>\n"),
    ("include/adapters", "lib/adapters/x.cc", "#include <grpcpp/channel.h>\n"),
    ("include/adapters", "lib/adapters/x.cc", '#include "scenarios/x.h"\n'),
    ("include/gRPC adapters", "lib/adapters/grpc_x.cc", '#include "fake_containerd/server.h"\n'),
    ("include/fixture headers", "fake_containerd/include/fake_containerd/x.h", '#include "scenarios/journal.h"\n'),
    ("include/fixture headers", "fake_containerd/include/fake_containerd/x.h", "#include <gtest/gtest.h>\n"),
    ("include/GoogleTest fixture", "fake_containerd/include/fake_containerd/testing.h", '#include "lib/core/x.h"\n'),
    ("include/world", "fake_containerd/world/x.cc", '#include "libcontainerd/client.h"\n'),
    ("include/world", "fake_containerd/world/x.cc", '#include "fake_containerd/v0/x.h"\n'),
    ("include/world", "fake_containerd/world/x.cc", '#include "containerd_v0.pb.h"\n'),
    ("include/world", "fake_containerd/world/x.cc", "#include <google/protobuf/message.h>\n"),
    ("include/v0", "fake_containerd/v0/x.cc", '#include "fake_containerd/server.h"\n'),
    ("include/v0", "fake_containerd/v0/x.cc", '#include "libcontainerd/client.h"\n'),
    ("include/v0", "fake_containerd/v0/x.cc", "#include <grpcpp/server.h>\n"),
    ("include/server", "fake_containerd/server.cc", '#include "scenarios/x.h"\n'),
    ("include/server", "fake_containerd/server.cc", '#include "lib/core/x.h"\n'),
    ("include/fake containerd", "fake_containerd/main.cc", "#include <grpcpp/server.h>\n"),
    ("include/scenarios", "scenarios/x.cc", "#include <grpcpp/channel.h>\n"),
    ("include/scenarios", "scenarios/x.cc", "#include <gmock/gmock.h>\n"),
    ("include/tests", "tests/lib/runtime/x_test.cc", "#include <grpcpp/channel.h>\n"),
    ("include/tests", "tests/lib/runtime/x_test.cc", "#include <absl/status/status.h>\n"),
    ("absl-in-header", "lib/adapters/grpc_x.h", "#include <absl/status/status.h>\n"),
    ("absl-in-header", "tests/lib/x.h", "#include <absl/status/status.h>\n"),
    ("include-path", "lib/core/x.cc", '#include "neighbour.h"\n'),
    ("asio-timer", "lib/core/x.cc", "asio::steady_timer timer;\n"),
    ("asio-timer", "tests/lib/runtime/x_test.cc", "asio::system_timer timer;\n"),
    ("detached", "scenarios/x.cc", "co_spawn(executor, Run(), asio::detached);\n"),
    ("detached", "lib/runtime/x.cc", "co_spawn(executor, Run(), asio::detached);\n"),
    ("sleep", "tests/lib/runtime/x_test.cc", "std::this_thread::sleep_for(std::chrono::seconds(1));\n"),
    ("sleep", "scenarios/x.cc", "usleep(1);\n"),
    ("sleep", "scenarios/x.cc", "::sleep(1);\n"),
    ("file-length", "scenarios/long.cc", "\n"),
    ("file-length", "tests/lib/long.h", "\n" * repo_rules.MAX_LINES),
    ("top-level", "src/x.cc", "\n"),
    ("top-level", "notes.txt", "\n"),
    ("folder-list", "scenarios/new/x.cc", "\n"),
    ("folder-list", "docs/architecture.md", "| `lib/gone/` | no longer there |\n"),
]


def violations_of(tree: dict) -> list:
    with tempfile.TemporaryDirectory() as root:
        for path, text in tree.items():
            os.makedirs(os.path.join(root, os.path.dirname(path)), exist_ok=True)
            with open(os.path.join(root, path), "w", encoding="utf-8") as file:
                file.write(text)
        return repo_rules.check(root)


class RepoRulesTest(unittest.TestCase):
    def test_a_tree_that_keeps_the_rules_passes(self):
        self.assertEqual([str(violation) for violation in violations_of(CLEAN)], [])

    def test_each_planted_violation_is_found_and_nothing_else(self):
        for rule, path, text in PLANTED:
            with self.subTest(rule=rule, path=path, text=text.strip()[:60]):
                tree = dict(CLEAN)
                tree[path] = tree.get(path, "") + text
                # A new top folder is also one that the page does not list.
                found = {violation.rule for violation in violations_of(tree)} - ({"folder-list"} if rule == "top-level" else set())
                self.assertEqual(found, {rule})

    def test_a_violation_of_every_rule_is_planted(self):
        self.assertEqual({rule for rule, *_ in PLANTED}, repo_rules.rule_names())

    def test_the_report_names_the_line(self):
        tree = dict(CLEAN)
        tree["scenarios/x.cc"] = "/* two\nlines */\n#include <grpcpp/channel.h>\n"
        self.assertEqual([str(violation) for violation in violations_of(tree)],
                         ["scenarios/x.cc:3: include/scenarios: scenarios may not use grpc (grpcpp/channel.h)"])


if __name__ == "__main__":
    unittest.main()
