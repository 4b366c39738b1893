#include <utility>

#include "libcontainerd/memory_world.h"

namespace libcontainerd {

Awaitable<Result<std::string>> MemoryCursorStore::Read() {
  co_return text_;
}

Awaitable<Status> MemoryCursorStore::Write(std::string text) {
  text_ = std::move(text);
  co_return Status();
}

}  // namespace libcontainerd
