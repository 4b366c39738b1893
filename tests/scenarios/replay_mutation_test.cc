// A damaged recording is an error or a plan, never a crash.
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <random>
#include <sstream>

#include "scenarios/recording_reader.h"
#include "tests/scenarios/trace_files.h"

namespace scenarios {
namespace {

using Random = std::minstd_rand;  // its sequence is the same everywhere

std::size_t Below(Random& random, std::size_t bound) {
  return bound == 0 ? 0 : static_cast<std::size_t>(random()) % bound;
}

std::vector<std::string> Lines(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

std::string Joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += line + "\n";
  return text;
}

// One number of the line becomes another.
void ChangeNumber(Random& random, std::string& line) {
  std::vector<std::size_t> starts;
  for (std::size_t i = 1; i < line.size(); ++i) {
    if (std::isdigit(static_cast<unsigned char>(line[i])) != 0 && line[i - 1] == ':')
      starts.push_back(i);
  }
  if (starts.empty()) return;
  const std::size_t start = starts[Below(random, starts.size())];
  const std::size_t end = line.find_first_not_of("0123456789.", start);
  constexpr const char* kNumbers[] = {"0", "1", "2", "7", "0.3", "99", "4294967296", "-1", "1e300"};
  line.replace(start, end - start, kNumbers[Below(random, std::size(kNumbers))]);
}

// One quoted word becomes another: names, kinds, commands, states.
void ChangeWord(Random& random, std::string& line) {
  constexpr const char* kWords[] = {"c1",     "e1",      "init", "exit",
                                    "create", "restore", "wait", "stdout",
                                    "Events", "State",   "frob", "stdin-close-error"};
  const std::size_t colon = line.find(":\"", Below(random, line.size()));
  if (colon == std::string::npos) return;
  const std::size_t end = line.find('"', colon + 2);
  if (end == std::string::npos) return;
  line.replace(colon + 2, end - colon - 2, kWords[Below(random, std::size(kWords))]);
}

void Mutate(Random& random, std::vector<std::string>& lines, std::size_t at) {
  std::string& line = lines[at];
  switch (Below(random, 7)) {
    case 0:
      line.resize(Below(random, line.size()));
      break;
    case 1:
      lines.erase(lines.begin() + static_cast<std::ptrdiff_t>(at));
      break;
    case 2:
      std::swap(line, lines[Below(random, lines.size())]);
      break;
    case 3:
      line[Below(random, line.size())] = static_cast<char>(Below(random, 256));
      break;
    case 4:
      lines.insert(lines.begin() + static_cast<std::ptrdiff_t>(at),
                   lines[Below(random, lines.size())]);
      break;
    case 5:
      ChangeWord(random, line);
      break;
    default:
      ChangeNumber(random, line);
  }
}

// Reads and plans; true if it was read.
bool Survives(const RecordingTexts& texts) {
  const auto recording = ParseRecording(texts);
  if (!recording) {
    EXPECT_EQ(recording.error().code, ErrorCode::kInvalidArgument);
    EXPECT_NE(recording.error().message.find(", expected "), std::string::npos)
        << recording.error().message;
    return false;
  }
  const ReplayPlan plan = PlanReplay(*recording);
  for (std::size_t i = 0; i < recording->outputs.size(); ++i) OutputBytes(*recording, plan, i);
  return true;
}

// So many that long traces take no longer than short ones.
std::size_t MutationCount(const RecordingTexts& texts) {
  const std::size_t bytes = texts.wire.size() + texts.client.size();
  return std::clamp<std::size_t>(1'000'000 / bytes, 8, 80);
}

TEST(MutatedTraces, LinesOfEveryTrace) {
  Random random(20261123);
  std::size_t read = 0;
  std::size_t refused = 0;
  for (const std::string& name : testing::TraceNames()) {
    const RecordingTexts original = testing::TraceTexts(name);
    const std::size_t count = MutationCount(original);
    for (std::size_t i = 0; i < count; ++i) {
      RecordingTexts texts = original;
      std::string& text = i % 2 == 0 ? texts.wire : texts.client;
      std::vector<std::string> lines = Lines(text);
      Mutate(random, lines, (i * lines.size() / count + Below(random, 3)) % lines.size());
      text = Joined(lines);
      ++(Survives(texts) ? read : refused);
    }
  }
  // Both happen, or the mutations have lost their teeth.
  EXPECT_GT(read, 100U);
  EXPECT_GT(refused, 100U);
}

TEST(MutatedTraces, EveryPrefixOfEveryLineOfASmallTrace) {
  const RecordingTexts original = testing::TraceTexts("run_exit0");
  for (std::string RecordingTexts::*text : {&RecordingTexts::wire, &RecordingTexts::client}) {
    for (std::size_t size = 0; size < (original.*text).size(); size += 7) {
      RecordingTexts texts = original;
      (texts.*text).resize(size);
      Survives(texts);
    }
  }
}

TEST(MutatedTraces, EveryLineLeftOut) {
  for (const char* name :
       {"stdin_cat", "exec_grandchild_holds_io", "errors_lib", "kill9_restart"}) {
    const RecordingTexts original = testing::TraceTexts(name);
    for (std::string RecordingTexts::*text : {&RecordingTexts::wire, &RecordingTexts::client}) {
      const std::vector<std::string> lines = Lines(original.*text);
      for (std::size_t i = 0; i < lines.size(); ++i) {
        std::vector<std::string> fewer = lines;
        fewer.erase(fewer.begin() + static_cast<std::ptrdiff_t>(i));
        RecordingTexts texts = original;
        texts.*text = Joined(fewer);
        Survives(texts);
      }
    }
  }
}

}  // namespace
}  // namespace scenarios
