// docs/fake-fidelity.md names tests that exist, and no fact without one.
#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>
#include <string>

#include <gtest/gtest.h>

namespace fake_containerd {
namespace {

std::string ReadFile(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

std::set<std::string> TestsOf(const std::filesystem::path& folder) {
  std::set<std::string> tests;
  const std::regex definition(R"(\nTEST(_F)?\((\w+),\s*(\w+)\))");
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (entry.path().extension() != ".cc") continue;
    const std::string text = ReadFile(entry.path());
    for (std::sregex_iterator found(text.begin(), text.end(), definition), end; found != end;
         ++found) {
      tests.insert((*found)[2].str() + "." + (*found)[3].str());
    }
  }
  return tests;
}

TEST(Fidelity, EveryFactNamesTestsThatExist) {
  const std::filesystem::path root = DRYDOCK_SOURCE_DIR;
  const std::set<std::string> tests = TestsOf(root / "tests/fake_containerd");
  ASSERT_GT(tests.size(), 200U);
  std::ifstream document(root / "docs/fake-fidelity.md");
  const std::regex name("`(\\w+\\.\\w+)`");
  const std::regex number(R"(^\| (\d+)\. )");
  std::set<int> behaviours;
  int rows = 0;
  std::string line;
  while (std::getline(document, line)) {
    if (!line.starts_with("| ") || line.ends_with("| test |")) continue;
    ++rows;
    std::smatch behaviour;
    if (std::regex_search(line, behaviour, number)) behaviours.insert(std::stoi(behaviour[1]));
    const std::string cell = line.substr(line.rfind("|", line.size() - 2));
    int named = 0;
    for (std::sregex_iterator found(cell.begin(), cell.end(), name), end; found != end; ++found) {
      EXPECT_TRUE(tests.contains((*found)[1])) << (*found)[1] << " does not exist: " << line;
      ++named;
    }
    EXPECT_GT(named, 0) << "no test: " << line;
  }
  EXPECT_GT(rows, 50);
  for (int i = 1; i <= 18; ++i) EXPECT_TRUE(behaviours.contains(i)) << "behaviour " << i;
}

}  // namespace
}  // namespace fake_containerd
