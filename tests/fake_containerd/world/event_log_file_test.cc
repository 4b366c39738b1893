#include "fake_containerd/world/event_log_file.h"

#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

#include "tests/fake_containerd/temporary_directory.h"

namespace fake_containerd {
namespace {

using libcontainerd::ErrorCode;

WallTime At(std::int64_t nanoseconds) {
  return WallTime(Duration(nanoseconds));
}

class EventLogFileTest : public ::testing::Test {
 protected:
  void Write(const std::string& text) { std::ofstream(path_) << text; }
  std::string Text() const {
    std::ostringstream text;
    text << std::ifstream(path_).rdbuf();
    return text.str();
  }

  TemporaryDirectory directory_;
  std::filesystem::path path_ = directory_.path() / "events.log";
};

TEST_F(EventLogFileTest, WritesTheDocumentedLines) {
  EventLogFile file(path_);
  ASSERT_TRUE(file.Rewrite({}));
  ASSERT_TRUE(file.Append({.kind = EventKind::kStartContainer,
                           .container = {.id = "c1"},
                           .process = "",
                           .status = 0,
                           .time = At(1475625600500000000)}));
  ASSERT_TRUE(file.Append({.kind = EventKind::kExit,
                           .container = {.id = "c1"},
                           .process = "init",
                           .status = 137,
                           .time = At(1475625601000000000)}));
  EXPECT_EQ(
      Text(),
      "{\"id\":\"c1\",\"type\":\"start-container\",\"timestamp\":\"2016-10-05T00:00:00.5Z\"}\n"
      "{\"id\":\"c1\",\"type\":\"exit\",\"timestamp\":\"2016-10-05T00:00:01Z\",\"pid\":\"init\","
      "\"status\":137}\n");
}

TEST_F(EventLogFileTest, ReadsWhatItWrote) {
  const std::vector<Event> events = {{.kind = EventKind::kOom,
                                      .container = {.id = "a \"quoted\" id"},
                                      .process = "",
                                      .status = 0,
                                      .time = At(1)},
                                     {.kind = EventKind::kExit,
                                      .container = {.id = "c2"},
                                      .process = "e1",
                                      .status = 255,
                                      .time = At(1795469363850275462)}};
  EventLogFile file(path_);
  ASSERT_TRUE(file.Rewrite(events));
  const auto read = EventLogFile(path_).Read();
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(*read, events);
}

TEST_F(EventLogFileTest, AMissingFileIsEmpty) {
  const auto read = EventLogFile(path_).Read();
  ASSERT_TRUE(read);
  EXPECT_TRUE(read->empty());
}

TEST_F(EventLogFileTest, AnOldStatusOfMinusOneIs255) {
  Write("{\"id\":\"c1\",\"type\":\"exit\",\"timestamp\":\"2016-10-05T00:00:00Z\",\"status\":-1}\n");
  const auto read = EventLogFile(path_).Read();
  ASSERT_TRUE(read);
  EXPECT_EQ(read->front().status, 255U);
}

TEST_F(EventLogFileTest, SaysWhereAndWhatIsCorrupt) {
  const std::string good =
      "{\"id\":\"c1\",\"type\":\"oom\",\"timestamp\":\"2016-10-05T00:00:00Z\"}\n";
  const std::string where = path_.string() + ":2: ";
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"{\"id\":\"c1\",\"ty", "not a JSON object, expected one event"},
      {"[]", "not a JSON object, expected one event"},
      {"{\"type\":\"oom\"}", "\"id\" is missing, expected a text"},
      {"{\"id\":7}", "\"id\" is 7, expected a text"},
      {"{\"id\":\"c\",\"type\":\"bang\",\"timestamp\":\"2016-10-05T00:00:00Z\"}",
       "\"type\" is \"bang\", expected an event's type"},
      {"{\"id\":\"c\",\"type\":\"oom\",\"timestamp\":\"now\"}",
       "\"timestamp\" is \"now\", expected RFC 3339 text"},
      {"{\"id\":\"c\",\"type\":\"oom\",\"timestamp\":\"2016-10-05T00:00:00Z\",\"status\":\"x\"}",
       "\"status\" is \"x\", expected a number"},
  };
  for (const auto& [line, complaint] : cases) {
    Write(good + line + "\n" + good);
    const auto read = EventLogFile(path_).Read();
    ASSERT_FALSE(read) << line;
    EXPECT_EQ(read.error().code, ErrorCode::kDataLoss);
    EXPECT_EQ(read.error().message, where + complaint);
  }
}

TEST_F(EventLogFileTest, AnUnusableFolderIsAnError) {
  EventLogFile file(directory_.path() / "none" / "events.log");
  const auto written = file.Rewrite({});
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().message, "open " +
                                         (directory_.path() / "none" / "events.log").string() +
                                         ": No such file or directory");
}

}  // namespace
}  // namespace fake_containerd
