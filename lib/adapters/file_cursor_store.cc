#include "libcontainerd/file_cursor_store.h"

#include <cerrno>
#include <cstdio>

#include "lib/adapters/files.h"

namespace libcontainerd {
namespace {

std::string NewPath(const std::string& path) {
  return path + ".new";
}

Result<std::string> ReadCursor(const std::string& path) {
  static_cast<void>(RemoveTree(NewPath(path)));  // of no use to anybody, and in nobody's way
  Result<std::string> text = ReadFile(path);
  if (!text && text.error().code == ErrorCode::kNotFound) return std::string();
  return text;
}

Status WriteCursor(const std::string& path, const std::string& text) {
  const std::string new_path = NewPath(path);
  Status status = RemoveTree(new_path);
  if (status) status = WriteNewFile(new_path, text);
  if (status && std::rename(new_path.c_str(), path.c_str()) != 0) {
    status = Fail(SystemError("rename", path, errno));
  }
  if (!status) static_cast<void>(RemoveTree(new_path));  // the first error is the one to report
  return status;
}

}  // namespace

Awaitable<Result<std::string>> FileCursorStore::Read() {
  return OffExecutor(runtime_, [path = path_] { return ReadCursor(path); });
}

Awaitable<Status> FileCursorStore::Write(std::string text) {
  return OffExecutor(runtime_,
                     [path = path_, text = std::move(text)] { return WriteCursor(path, text); });
}

}  // namespace libcontainerd
