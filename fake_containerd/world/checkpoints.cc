#include "fake_containerd/world/checkpoints.h"

#include <filesystem>

namespace fake_containerd {

std::string JoinPath(const std::string& directory, const std::string& name) {
  if (directory.empty() && name.empty()) return "";
  std::string path = directory;
  if (!directory.empty() && !name.empty()) path += "/";
  path += name;
  std::string clean = std::filesystem::path(path).lexically_normal().string();
  while (clean.size() > 1 && clean.ends_with('/')) clean.pop_back();
  return clean;
}

WorldStatus Checkpoints::Create(const std::string& directory, const CheckpointOptions& options) {
  const std::string clean = JoinPath(directory, "");
  auto& entries = directories_[clean];
  if (options.name.empty() || !entries.try_emplace(options.name, options).second) {
    return tl::unexpected(Failure{.kind = FailureKind::kCheckpointExists,
                                  .container = {},
                                  .process = "",
                                  .subject = JoinPath(clean, options.name),
                                  .number = 0,
                                  .passed_on = {}});
  }
  return {};
}

void Checkpoints::Delete(const std::string& directory, const std::string& name) {
  const auto found = directories_.find(JoinPath(directory, ""));
  if (found != directories_.end()) found->second.erase(name);
}

WorldResult<std::vector<CheckpointOptions>> Checkpoints::List(const std::string& directory) const {
  const auto found = directories_.find(JoinPath(directory, ""));
  if (found == directories_.end()) {
    return tl::unexpected(Failure{.kind = FailureKind::kCheckpointDirectory,
                                  .container = {},
                                  .process = "",
                                  .subject = directory,
                                  .number = 0,
                                  .passed_on = {}});
  }
  std::vector<CheckpointOptions> options;
  for (const auto& [name, entry] : found->second) options.push_back(entry);
  return options;
}

bool Checkpoints::Contains(const std::string& directory, const std::string& name) const {
  const auto found = directories_.find(JoinPath(directory, ""));
  return found != directories_.end() && found->second.contains(name);
}

}  // namespace fake_containerd
