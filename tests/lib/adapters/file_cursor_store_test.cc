#include "libcontainerd/file_cursor_store.h"

#include <filesystem>
#include <fstream>
#include <sstream>

#include <sys/stat.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "libcontainerd/blocking_client.h"
#include "libcontainerd/threaded_runtime.h"
#include "tests/fake_containerd/temporary_directory.h"

namespace libcontainerd {
namespace {

constexpr char kTime[] = "2016-10-05T00:00:00.123456789Z";

std::string TextOf(const Status& result) {
  if (result) return "OK";
  return std::string(ErrorCodeName(result.error().code)) + " " + result.error().message;
}
std::string TextOf(const Result<std::string>& result) {
  if (result) return "\"" + *result + "\"";
  return std::string(ErrorCodeName(result.error().code)) + " " + result.error().message;
}

class FileCursorStoreTest : public ::testing::Test {
 protected:
  std::string Read() { return TextOf(WaitFor(runtime_, store_.Read())); }
  std::string Write(const std::string& text) {
    return TextOf(WaitFor(runtime_, store_.Write(text)));
  }
  std::string Path(const std::string& name) const { return (directory_.path() / name).string(); }
  std::string Content(const std::string& name) const {
    std::stringstream content;
    content << std::ifstream(Path(name)).rdbuf();
    return content.str();
  }
  std::size_t Files() const {
    return static_cast<std::size_t>(
        std::distance(std::filesystem::directory_iterator(directory_.path()), {}));
  }

  fake_containerd::TemporaryDirectory directory_;
  ThreadedRuntime runtime_;
  FileCursorStore store_{runtime_, directory_.path().string()};
};

TEST_F(FileCursorStoreTest, AnAbsentOneIsEmpty) {
  EXPECT_EQ(Read(), "\"\"");
  FileCursorStore nowhere(runtime_, Path("no/such/directory"));
  EXPECT_EQ(TextOf(WaitFor(runtime_, nowhere.Read())), "\"\"");
}

TEST_F(FileCursorStoreTest, ReadsWhatItWrote) {
  EXPECT_EQ(Write("2016-10-05T00:00:00Z"), "OK");
  EXPECT_EQ(Write(kTime), "OK");
  EXPECT_EQ(Content("event.ts"), kTime);
  EXPECT_EQ(Read(), "\"" + std::string(kTime) + "\"");
  EXPECT_EQ(Files(), 1U);
}

// Whoever has the old file open goes on reading the old text: the file is never written to.
TEST_F(FileCursorStoreTest, ReplacesTheFileAsAWhole) {
  EXPECT_EQ(Write("old"), "OK");
  std::ifstream old(Path("event.ts"));
  EXPECT_EQ(Write(kTime), "OK");
  std::string text;
  old >> text;
  EXPECT_EQ(text, "old");
}

TEST_F(FileCursorStoreTest, ATornWriteLeavesNothing) {
  EXPECT_EQ(Write("2016-10-05T00:00:00Z"), "OK");
  std::ofstream(Path("event.ts.new")) << "2016-10-0";
  EXPECT_EQ(Read(), "\"2016-10-05T00:00:00Z\"");
  EXPECT_EQ(Files(), 1U);
  std::ofstream(Path("event.ts.new")) << "2016-10-0";
  EXPECT_EQ(Write(kTime), "OK");
  EXPECT_EQ(Content("event.ts"), kTime);
  EXPECT_EQ(Files(), 1U);
}

TEST_F(FileCursorStoreTest, SaysWhyItCannotBeWritten) {
  FileCursorStore nowhere(runtime_, Path("no"));
  EXPECT_EQ(TextOf(WaitFor(runtime_, nowhere.Write(kTime))),
            "NOT_FOUND open " + Path("no/event.ts.new") + ": no such file or directory");
  std::filesystem::create_directories(Path("event.ts/in the way"));
  EXPECT_EQ(Write(kTime), "UNKNOWN rename " + Path("event.ts") + ": is a directory");
  EXPECT_FALSE(std::filesystem::exists(Path("event.ts.new")));
}

TEST_F(FileCursorStoreTest, SaysWhyItCannotBeRead) {
  std::filesystem::create_directory(Path("event.ts"));
  EXPECT_EQ(Read(), "UNKNOWN read " + Path("event.ts") + ": is a directory");
}

}  // namespace
}  // namespace libcontainerd
