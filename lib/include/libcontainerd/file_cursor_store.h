// CursorStore in the file <state dir>/event.ts, replaced as a whole: written beside it as
// event.ts.new, then renamed. What a write that was cut short left there is removed.
//
// It outlives the process, not a power failure: nothing is flushed to the disk, since the daemon's
// containers would be gone then too.
//
// Threads: calls on the executor's thread; the file system is touched on the runtime's pool. May be
// destroyed while a call is under way.
#pragma once

#include <string>
#include <utility>

#include "libcontainerd/cursor_store.h"

namespace libcontainerd {

class FileCursorStore final : public CursorStore {
 public:
  // The directory exists when something is written.
  FileCursorStore(Runtime& runtime, const std::string& state_dir)
      : runtime_(runtime), path_(state_dir + "/event.ts") {}

  Awaitable<Result<std::string>> Read() override;
  Awaitable<Status> Write(std::string text) override;

 private:
  Runtime& runtime_;
  std::string path_;
};

}  // namespace libcontainerd
