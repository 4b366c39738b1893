// The example of fake_containerd.h, line for line: the second test compares the two.
#include <fstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fake_containerd/fake_containerd.h"
#include "tests/fake_containerd/mini_engine.h"

namespace {

using Engine = fake_containerd::MiniEngine;
namespace step = fake_containerd::step;

TEST(FakeContainerdExample, Runs) {
  // clang-format off
  // begin of the example
  fake_containerd::FakeContainerd fake;
  ASSERT_TRUE(fake.Start());
  fake.SetBehaviour("web", "init", {.steps = {step::Write{.data = "ready\n"}}});

  Engine engine(fake.socket_path(), fake.directory());
  ASSERT_TRUE(fake.WaitForSubscribers(1));
  ASSERT_TRUE(engine.Run("web"));
  ASSERT_TRUE(fake.WaitForContainer("web"));

  ASSERT_TRUE(fake.Oom("web"));
  ASSERT_TRUE(fake.ExitInit("web", 3));
  EXPECT_EQ(engine.WaitForExit("web"), "exit 3, out of memory");
  EXPECT_EQ(engine.OutputOf("web"), "ready\n");
  EXPECT_TRUE(fake.Stop());
  // end of the example
  // clang-format on
}

// The lines between `begin` and `end`, without `prefix`.
std::vector<std::string> Lines(const std::string& file, const std::string& begin,
                               const std::string& end, const std::string& prefix) {
  std::ifstream in(std::string(DRYDOCK_SOURCE_DIR) + "/" + file);
  std::vector<std::string> lines;
  bool inside = false;
  for (std::string line; std::getline(in, line);) {
    if (line == end) break;
    if (inside) lines.push_back(line.size() < prefix.size() ? "" : line.substr(prefix.size()));
    if (line == begin) inside = true;
  }
  return lines;
}

TEST(FakeContainerdExample, IsTheOneOfTheHeader) {
  const auto test = Lines("tests/fake_containerd/fake_containerd_example_test.cc",
                          "  // begin of the example", "  // end of the example", "  ");
  auto header =
      Lines("fake_containerd/include/fake_containerd/fake_containerd.h",
            "// Example (Engine is the code under test; it is given a socket and hears of "
            "its containers):",
            "//   behaviour  What a process does is data (behaviour.h): writes, waits, "
            "exit codes, signal",
            "//   ");
  ASSERT_FALSE(header.empty());
  header.erase(header.begin());  // the empty line before it, and the one after
  header.pop_back();
  EXPECT_EQ(test, header);
}

}  // namespace
