// CursorStore: the port for the cursor, the file that says up to which event everything was handled
// when the engine ended: RFC 3339 text with nanoseconds.
//
// Threads: the executor's thread; an implementation moves disk work off it.
#pragma once

#include <string>

#include "libcontainerd/async.h"
#include "libcontainerd/error.h"

namespace libcontainerd {

class CursorStore {
 public:
  virtual ~CursorStore() = default;

  // The text as it stands there; empty when there is none.
  virtual Awaitable<Result<std::string>> Read() = 0;
  // Replaces it as a whole: whenever the process dies, the old text or the new one is there. At
  // most one at a time.
  virtual Awaitable<Status> Write(std::string text) = 0;
};

}  // namespace libcontainerd
