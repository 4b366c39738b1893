#include "lib/core/container.h"

#include <algorithm>

namespace libcontainerd {

std::size_t ExecTable::PlaceOf(std::string_view name) const {
  const auto place = std::ranges::lower_bound(
      execs_, name, {},
      [](const std::shared_ptr<Exec>& exec) -> std::string_view { return exec->name; });
  return static_cast<std::size_t>(place - execs_.begin());
}

std::shared_ptr<Exec> ExecTable::Find(std::string_view name) const {
  const std::size_t place = PlaceOf(name);
  if (place == execs_.size() || execs_[place]->name != name) return nullptr;
  return execs_[place];
}

void ExecTable::Put(std::shared_ptr<Exec> exec) {
  const std::size_t place = PlaceOf(exec->name);
  if (place < execs_.size() && execs_[place]->name == exec->name) {
    execs_[place] = std::move(exec);
  } else {
    execs_.insert(execs_.begin() + static_cast<std::ptrdiff_t>(place), std::move(exec));
  }
}

void ExecTable::Remove(const std::shared_ptr<Exec>& exec) {
  const std::size_t place = PlaceOf(exec->name);
  if (place == execs_.size() || execs_[place] != exec) return;
  execs_.erase(execs_.begin() + static_cast<std::ptrdiff_t>(place));
}

void AttachedStdio::Started() {
  if (streams) streams->PeerOpened();
  if (stdin_closer) stdin_closer->Started();
}

void AttachedStdio::Abandon() {
  if (streams) streams->Abandon();
  if (stdin_closer) stdin_closer->Failed();
}

void AttachedStdio::ProcessGone() {
  // A writer that never came, or came and went before us, would be waited for in vain.
  if (streams) streams->Abandon();
  if (stdin_closer) stdin_closer->Gone();
}

Error ContainerExited(const std::string& id) {
  return Error{ErrorCode::kAborted, "container " + id + " exited"};
}

}  // namespace libcontainerd
