#include "scenarios/runner/failing_ports.h"

namespace scenarios {

using libcontainerd::Awaitable;
using libcontainerd::Error;
using libcontainerd::Result;
using libcontainerd::Status;

namespace {

template <class T>
Awaitable<Result<T>> Failed(Error error) {
  co_return libcontainerd::Fail(std::move(error));
}

// The container of a FIFO's path: its directory's name.
std::string ContainerOf(const libcontainerd::StdioPaths& paths) {
  const std::string& path = paths.out;
  const auto end = path.rfind('/');
  if (end == std::string::npos || end == 0) return {};
  const auto begin = path.rfind('/', end - 1);
  return path.substr(begin + 1, end - begin - 1);
}

}  // namespace

std::optional<Error> PortFailures::Take(const std::string& point, const std::string& id) {
  auto found = id.empty() ? failures_.end() : failures_.find(point + "@" + id);
  if (found == failures_.end()) found = failures_.find(point);
  if (found == failures_.end()) return std::nullopt;
  Error error = found->second.error;
  if (found->second.times > 0 && --found->second.times == 0) failures_.erase(found);
  if (on_failed) on_failed(point, id, error);
  return error;
}

Awaitable<Status> FailingBundles::Create(std::string id, std::string config_json,
                                         libcontainerd::FileOwner root) {
  if (auto error = failures_.Take("bundle.create", id)) return Failed<void>(std::move(*error));
  return bundles_.Create(std::move(id), std::move(config_json), root);
}

Awaitable<Result<std::string>> FailingBundles::ReadConfig(std::string id) {
  if (auto error = failures_.Take("bundle.read", id)) return Failed<std::string>(std::move(*error));
  return bundles_.ReadConfig(std::move(id));
}

Awaitable<Status> FailingBundles::Remove(std::string id) {
  if (auto error = failures_.Take("bundle.remove", id)) return Failed<void>(std::move(*error));
  return RemoveAndTell(std::move(id));
}

Awaitable<Status> FailingBundles::RemoveAndTell(std::string id) {
  const std::string path = co_await bundles_.Find(id);
  Status removed = co_await bundles_.Remove(std::move(id));
  if (removed && on_removed) on_removed(path);
  co_return removed;
}

Awaitable<Result<std::unique_ptr<libcontainerd::ProcessStdio>>> FailingStdio::Open(
    libcontainerd::StdioPaths paths, bool terminal) {
  if (auto error = failures_.Take("fifos.open", ContainerOf(paths)))
    return Failed<std::unique_ptr<libcontainerd::ProcessStdio>>(std::move(*error));
  return stdio_.Open(std::move(paths), terminal);
}

Awaitable<Status> FailingStdio::Remove(libcontainerd::StdioPaths paths) {
  if (auto error = failures_.Take("fifos.remove", ContainerOf(paths)))
    return Failed<void>(std::move(*error));
  return stdio_.Remove(std::move(paths));
}

Awaitable<Result<std::string>> FailingCursor::Read() {
  if (auto error = failures_.Take("cursor.read")) return Failed<std::string>(std::move(*error));
  return cursor_.Read();
}

Awaitable<Status> FailingCursor::Write(std::string text) {
  if (frozen_) return Failed<void>({libcontainerd::ErrorCode::kUnavailable, "the engine is gone"});
  if (auto error = failures_.Take("cursor.write")) return Failed<void>(std::move(*error));
  return cursor_.Write(std::move(text));
}

}  // namespace scenarios
