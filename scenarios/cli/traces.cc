#include "scenarios/cli/traces.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <string_view>

#include "scenarios/recording_reader.h"

namespace scenarios {

namespace fs = std::filesystem;
using libcontainerd::ErrorCode;
using libcontainerd::Fail;
using libcontainerd::Result;

namespace {

constexpr std::string_view kWireSuffix = ".jsonl";
constexpr std::string_view kClientSuffix = ".client.jsonl";

// The wire files meant, each once, in the order given; those of a directory sorted.
Result<std::vector<std::string>> FindTraces(const std::vector<std::string>& given) {
  std::vector<std::string> traces;
  const auto add = [&](const std::string& file) {
    if (file.ends_with(kClientSuffix)) return;
    if (std::find(traces.begin(), traces.end(), file) == traces.end()) traces.push_back(file);
  };
  for (const std::string& name : given) {
    std::error_code error;
    if (!fs::is_directory(name, error)) {
      add(name);
      continue;
    }
    std::vector<std::string> found;
    for (const fs::directory_entry& entry : fs::directory_iterator(name, error)) {
      if (entry.path().string().ends_with(kWireSuffix)) found.push_back(entry.path().string());
    }
    if (error) return Fail(ErrorCode::kInvalidArgument, name + ": " + error.message());
    std::sort(found.begin(), found.end());
    for (const std::string& file : found) add(file);
  }
  if (traces.empty())
    return Fail(ErrorCode::kInvalidArgument, "no trace given: expected NAME.jsonl");
  return traces;
}

std::string TraceName(const std::string& file) {
  std::string name = fs::path(file).filename().string();
  if (name.ends_with(kWireSuffix)) name.resize(name.size() - kWireSuffix.size());
  return name;
}

Result<std::vector<NamedRecording>> ReadAll(const std::vector<std::string>& files) {
  std::vector<NamedRecording> recordings;
  std::map<std::string, int> names;
  for (const std::string& file : files) {
    auto recording = ReadRecording(file);
    if (!recording) return Fail(recording.error());
    std::string name = TraceName(file);
    const int count = ++names[name];
    if (count > 1) name += "-" + std::to_string(count);
    recordings.push_back({std::move(name), std::move(*recording)});
  }
  return recordings;
}

}  // namespace

Result<std::vector<NamedRecording>> ReadTraces(const std::vector<std::string>& given) {
  auto files = FindTraces(given);
  if (!files) return Fail(files.error());
  return ReadAll(*files);
}

}  // namespace scenarios
