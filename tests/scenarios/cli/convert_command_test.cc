// The command as its user meets it: what it writes, and what it says of what it cannot.
#include "scenarios/cli/convert_command.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "scenarios/cli/exit_code.h"
#include "scenarios/scenario_text.h"

namespace scenarios {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class ConvertCommandTest : public ::testing::Test {
 protected:
  ConvertCommandTest() {
    std::string pattern = (fs::temp_directory_path() / "convert-command-XXXXXX").string();
    directory_ = ::mkdtemp(pattern.data());
    command_.out = directory_ + "/out";
  }
  ~ConvertCommandTest() override { fs::remove_all(directory_); }

  static std::string Trace(const std::string& name) {
    return std::string(DRYDOCK_TRACES) + "/" + name + ".jsonl";
  }
  int Run() { return RunConvertCommand(command_, out_, err_); }

  std::string directory_;
  ConvertCommand command_;
  std::ostringstream out_;
  std::ostringstream err_;
};

TEST_F(ConvertCommandTest, WritesAScenarioForEachTrace) {
  command_.files = {Trace("run_exit3"), Trace("oom_init")};
  EXPECT_EQ(Run(), kExitHeld) << err_.str();
  for (const char* name : {"run_exit3", "oom_init"}) {
    const std::string path = command_.out + "/" + name + ".json";
    EXPECT_THAT(out_.str(), HasSubstr(path + "\n"));
    const auto scenario = ReadScenarioFile(path);
    ASSERT_TRUE(scenario) << scenario.error().message;
    EXPECT_EQ(scenario->name, name);
  }
}

TEST_F(ConvertCommandTest, SaysWhatCannotBeConvertedAndConvertsTheOthers) {
  fs::copy(Trace("run_exit3"), directory_ + "/odd.jsonl");
  std::ostringstream client;
  client << std::ifstream(std::string(DRYDOCK_TRACES) + "/run_exit3.client.jsonl").rdbuf();
  std::ofstream(directory_ + "/odd.client.jsonl")
      << client.str()
      << R"({"kind":"result","cmd":"frobnicate","n":3,"ok":true,"dur_ms":1,"seq":14,"t":0.9})"
      << '\n';
  command_.files = {directory_ + "/odd.jsonl", Trace("oom_init")};
  EXPECT_EQ(Run(), kExitCannotJudge);
  EXPECT_THAT(err_.str(), HasSubstr("drydock: odd: "));
  EXPECT_THAT(err_.str(), HasSubstr("odd.client.jsonl:14: "));
  EXPECT_THAT(err_.str(), HasSubstr("frobnicate"));
  EXPECT_FALSE(fs::exists(command_.out + "/odd.json"));
  EXPECT_TRUE(fs::exists(command_.out + "/oom_init.json"));
}

TEST_F(ConvertCommandTest, ATraceThatIsNotThereIsUsage) {
  command_.files = {directory_ + "/nothing.jsonl"};
  EXPECT_EQ(Run(), kExitUsage);
  EXPECT_THAT(err_.str(), HasSubstr("nothing.jsonl"));
  EXPECT_EQ(out_.str(), "");
}

}  // namespace
}  // namespace scenarios
