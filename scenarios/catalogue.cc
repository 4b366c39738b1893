#include "scenarios/catalogue.h"

#include <algorithm>
#include <filesystem>
#include <set>
#include <system_error>

#include "fake_containerd/nearest_word.h"

namespace scenarios {

namespace fs = std::filesystem;
using libcontainerd::ErrorCode;
using libcontainerd::Fail;
using libcontainerd::Result;

namespace {

constexpr std::string_view kLibrary = "scenarios/library/";
constexpr std::string_view kMuseum = "scenarios/museum/";

std::string_view NameOf(std::string_view path) {
  const auto slash = path.rfind('/');
  if (slash != std::string_view::npos) path.remove_prefix(slash + 1);
  if (path.ends_with(".json")) path.remove_suffix(5);
  return path;
}

// "B31" of "B31-exec-carries-oom".
std::string_view NumberOf(std::string_view name) {
  return name.substr(0, name.find('-'));
}

Result<NamedScenario> Read(const CarriedFile& file, const ParseOptions& options) {
  auto scenario = ParseScenario(std::string(file.text), std::string(file.path), options);
  if (!scenario) return Fail(scenario.error());
  return NamedScenario{std::string(file.path), true, std::move(*scenario)};
}

Result<std::vector<NamedScenario>> Folder(std::string_view folder, const ParseOptions& options) {
  std::vector<NamedScenario> scenarios;
  for (const CarriedFile& file : CarriedFiles()) {
    if (!file.path.starts_with(folder)) continue;
    auto scenario = Read(file, options);
    if (!scenario) return Fail(ErrorCode::kInternal, scenario.error().message);
    scenarios.push_back(std::move(*scenario));
  }
  return scenarios;
}

Result<std::vector<std::string>> FilesBelow(const std::string& directory) {
  std::vector<std::string> files;
  std::error_code error;
  for (fs::recursive_directory_iterator it(directory, error), end; !error && it != end;
       it.increment(error)) {
    // Where a run has left its results there are no scenarios.
    if (it->is_directory() && fs::exists(it->path() / "report.json")) {
      it.disable_recursion_pending();
    } else if (it->path().extension() == ".json") {
      files.push_back(it->path().string());
    }
  }
  if (error) return Fail(ErrorCode::kInvalidArgument, directory + ": " + error.message());
  if (files.empty())
    return Fail(ErrorCode::kNotFound, directory + ": no scenario is in it (*.json)");
  std::ranges::sort(files);
  return files;
}

const CarriedFile* FindCarried(const std::string& word) {
  for (const CarriedFile& file : CarriedFiles()) {
    const std::string_view name = NameOf(file.path);
    if (word == name) return &file;
    if (file.path.starts_with(kMuseum) && word == NumberOf(name)) return &file;
  }
  return nullptr;
}

libcontainerd::Error Unknown(const std::string& word) {
  std::vector<std::string_view> names;
  for (const CarriedFile& file : CarriedFiles()) names.push_back(NameOf(file.path));
  std::string text = "\"" + word + "\": neither a file, a directory nor a scenario's name";
  if (const auto nearest = fake_containerd::NearestWord(word, names))
    text += "; did you mean \"" + std::string(*nearest) + "\"?";
  return {ErrorCode::kNotFound, std::move(text)};
}

}  // namespace

Result<std::vector<NamedScenario>> Library(const ParseOptions& options) {
  return Folder(kLibrary, options);
}

Result<std::vector<NamedScenario>> Museum(const ParseOptions& options) {
  return Folder(kMuseum, options);
}

Result<std::vector<NamedScenario>> FindScenarios(const std::vector<std::string>& words,
                                                 const ParseOptions& options) {
  if (words.empty()) return Library(options);
  std::vector<NamedScenario> found;
  std::set<std::string> seen;
  const auto add_file = [&](const std::string& file) -> libcontainerd::Status {
    if (!seen.insert(file).second) return {};
    auto scenario = ReadScenarioFile(file, options);
    if (!scenario) return Fail(scenario.error());
    found.push_back({file, false, std::move(*scenario)});
    return {};
  };
  for (const std::string& word : words) {
    std::error_code error;
    std::vector<std::string> files;
    if (fs::is_directory(word, error)) {
      auto below = FilesBelow(word);
      if (!below) return Fail(below.error());
      files = std::move(*below);
    } else if (fs::exists(word, error)) {
      files.push_back(word);
    } else if (const CarriedFile* carried = FindCarried(word)) {
      if (!seen.insert(std::string(carried->path)).second) continue;
      auto scenario = Read(*carried, options);
      if (!scenario) return Fail(scenario.error());
      found.push_back(std::move(*scenario));
    } else {
      return Fail(Unknown(word));
    }
    for (const std::string& file : files) {
      if (auto added = add_file(file); !added) return Fail(added.error());
    }
  }
  return found;
}

std::string Resembling(std::span<const NamedScenario> museum,
                       const std::vector<std::string>& broken) {
  const NamedScenario* best = nullptr;
  std::size_t most = 0;
  for (const NamedScenario& entry : museum) {
    if (!entry.scenario.failure) continue;
    const auto& breaks = entry.scenario.failure->breaks;
    const auto common = static_cast<std::size_t>(std::ranges::count_if(
        breaks, [&](const std::string& name) { return std::ranges::count(broken, name) > 0; }));
    if (common <= most) continue;
    most = common;
    best = &entry;
  }
  return best == nullptr ? "" : best->scenario.name + ": " + best->scenario.failure->what;
}

}  // namespace scenarios
