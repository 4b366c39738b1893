// The fake's own journal is one that the project's reader takes, and says what went on.
#include "fake_containerd/journal_log.h"

#include <fstream>
#include <set>

#include <sys/stat.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fake_containerd/fake_containerd.h"
#include "scenarios/journal.h"
#include "tests/fake_containerd/mini_engine.h"
#include "tests/fake_containerd/temporary_directory.h"

namespace fake_containerd {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsSupersetOf;

// "kind what id process code text" of each entry.
std::vector<std::string> LinesOf(const std::string& path) {
  scenarios::Journal journal;
  std::ifstream in(path);
  const auto read = scenarios::ReadJournal(in, path, journal);
  EXPECT_TRUE(read) << read.error().message;
  std::vector<std::string> lines;
  for (const scenarios::Entry& entry : journal.entries()) {
    lines.push_back(std::string(EntryKindName(entry.kind)) + " " + journal.Text(entry.what) + " " +
                    journal.Text(entry.id) + " " + journal.Text(entry.process) + " " +
                    std::to_string(entry.code) + " " + journal.Text(entry.text));
  }
  return lines;
}

TEST(JournalLog, AFakesFileIsAJournal) {
  const TemporaryDirectory directory;
  const std::string path = (directory.path() / "run.jsonl").string();
  FakeContainerdOptions options;
  options.journal = path;
  FakeContainerd fake;
  ASSERT_TRUE(fake.Start(options));
  fake.SetBehaviour(
      "c1", "init",
      {.steps = {step::Write{.data = "h\xff\n"}, step::AwaitCue{"go"}, step::Exit{3}}});
  {
    MiniEngine engine(fake.socket_path(), fake.directory());
    ASSERT_TRUE(engine.Run("c1"));
    ASSERT_FALSE(engine.Run("c1"));
    ASSERT_TRUE(engine.client().Resize("c1", "init", 80, 24));
    ASSERT_TRUE(fake.GiveCue("c1", "init", "go"));
    EXPECT_EQ(engine.WaitForExit("c1"), "exit 3");
    EXPECT_EQ(engine.OutputOf("c1"), "h\xff\n");
  }
  ASSERT_TRUE(fake.LoadScript(
      R"({"steps": [{"do": "exit", "id": "ghost"}, {"do": "emit", "type": "oom", "id": "\"q\""}]})"));
  ASSERT_TRUE(fake.WaitForEvent(EventKind::kOom, "\"q\""));
  ASSERT_TRUE(fake.Stop());

  struct stat found {};
  ASSERT_EQ(::stat(path.c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777U, 0600U);
  const std::vector<std::string> lines = LinesOf(path);
  EXPECT_THAT(lines,
              IsSupersetOf({"rpc_begin CreateContainer c1  0 ", "rpc_end CreateContainer c1  0 ",
                            "event_emitted start-container c1  0 ",
                            "stdio_written stdout c1 init 0 ", "event_emitted exit c1 init 3 ",
                            "note    0 script: exit of init of ghost: there is none",
                            "note    0 terminal of init of c1 is 80x24, change 1",
                            "event_emitted oom \"q\"  0 "}));
  EXPECT_THAT(lines, Contains(HasSubstr("stdio_source_eof stdout c1 init 0 ")));
  EXPECT_THAT(lines, Contains(HasSubstr("rpc_begin Events")));
  EXPECT_THAT(lines, Contains(HasSubstr("rpc_end Events")));
}

TEST(JournalLog, AFileThatCannotBeWrittenStopsTheStart) {
  FakeContainerdOptions options;
  options.journal = "/proc/nowhere/run.jsonl";
  FakeContainerd fake;
  const auto started = fake.Start(options);
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().message,
            "journal /proc/nowhere/run.jsonl cannot be written: No such file or directory");
}

TEST(JournalLog, AFullDiskIsSaidAtTheEnd) {
  FakeContainerdOptions options;
  options.journal = "/dev/full";
  FakeContainerd fake;
  ASSERT_TRUE(fake.Start(options));
  fake.Emit({.kind = EventKind::kOom, .container = {.id = "a"}});
  const auto stopped = fake.Stop();
  ASSERT_FALSE(stopped);
  EXPECT_EQ(stopped.error().message, "journal /dev/full is not complete");
}

}  // namespace
}  // namespace fake_containerd
