// fuzz/*.dict are what the program's tables say, and hold every word.
#include "fuzz/dictionaries.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fuzz/byte_mutator.h"
#include "scenarios/text/words.h"

namespace fuzz {
namespace {

using ::testing::HasSubstr;

std::string ContentOf(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

std::filesystem::path PathOf(std::string_view file) {
  return std::filesystem::path(DRYDOCK_SOURCE_DIR) / file;
}

std::vector<std::string> Recordings() {
  std::set<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(PathOf("scenarios/traces"))) {
    files.insert(entry.path());
  }
  std::vector<std::string> texts;
  for (const auto& file : files) texts.push_back(ContentOf(file));
  return texts;
}

std::string TextOf(std::string_view file) {
  for (const Dictionary& dictionary : AllDictionaries(Recordings())) {
    if (dictionary.file == file) return dictionary.text;
  }
  ADD_FAILURE() << "no dictionary " << file;
  return "";
}

// With DRYDOCK_UPDATE_DOCS=1 in the environment the files are written instead.
TEST(Dictionaries, FilesAreUpToDate) {
  for (const Dictionary& dictionary : AllDictionaries(Recordings())) {
    const auto path = PathOf("fuzz") / dictionary.file;
    if (std::getenv("DRYDOCK_UPDATE_DOCS") != nullptr) std::ofstream(path) << dictionary.text;
    EXPECT_EQ(ContentOf(path), dictionary.text)
        << "run this test with DRYDOCK_UPDATE_DOCS=1 to write " << path;
  }
}

TEST(Dictionaries, EveryFileIsOneOfThem) {
  std::set<std::string> made;
  for (const Dictionary& dictionary : AllDictionaries({})) made.emplace(dictionary.file);
  std::set<std::string> found;
  for (const auto& entry : std::filesystem::directory_iterator(PathOf("fuzz"))) {
    if (entry.path().extension() == ".dict") found.insert(entry.path().filename());
  }
  EXPECT_EQ(found, made);
}

// Each line is a word for the reader of dictionaries, too.
TEST(Dictionaries, CanBeRead) {
  for (const Dictionary& dictionary : AllDictionaries(Recordings())) {
    std::istringstream lines(dictionary.text);
    std::size_t words = 0;
    for (std::string line; std::getline(lines, line);) words += line.starts_with('#') ? 0 : 1;
    EXPECT_EQ(ReadDictionary(dictionary.text).size(), words) << dictionary.file;
    EXPECT_GT(words, 10U) << dictionary.file;
  }
}

TEST(Dictionaries, ScenariosHaveTheWholeVocabulary) {
  const std::string text = TextOf("scenario.dict");
  using Words = scenarios::Words;
  for (const Words* words :
       {&scenarios::ActionWords(), &scenarios::HoldPointWords(), &scenarios::FaultPointWords(),
        &scenarios::FailPointWords(), &scenarios::GuaranteeWords(), &scenarios::DeviationWords(),
        &scenarios::TimingWords(), &scenarios::CodeWords(), &scenarios::MethodWords(),
        &scenarios::DropWords(), &scenarios::CallbackWords()}) {
    for (const std::string_view word : *words) {
      EXPECT_THAT(text, HasSubstr("\"\\\"" + std::string(word) + "\\\"\"\n"));
    }
  }
  scenarios::ForEachActionType([&]<class T>(const T&) {
    for (const std::string_view field : scenarios::FieldNames<T>()) {
      EXPECT_THAT(text, HasSubstr("\"\\\"" + std::string(field) + "\\\": \"\n")) << T::kWord;
    }
  });
}

// The terms of the manual's examples: "trap=TERM:exit=0" begins with "trap=".
TEST(Dictionaries, BehavioursHaveTheTermsOfTheManual) {
  const std::string page = ContentOf(PathOf("docs/processes.md"));
  const std::string fence = "```behaviour\n";
  const std::size_t begin = page.find(fence) + fence.size();
  std::istringstream terms(page.substr(begin, page.find("```", begin) - begin));
  const auto words = ReadDictionary(TextOf("behaviour_text.dict"));
  int checked = 0;
  for (std::string term; terms >> term; ++checked) {
    const bool known = std::ranges::any_of(
        words, [&](const std::string& word) { return word.size() > 2 && term.starts_with(word); });
    EXPECT_TRUE(known) << term;
  }
  EXPECT_GT(checked, 20);
}

}  // namespace
}  // namespace fuzz
