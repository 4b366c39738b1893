// An output that is at end-of-file from the start: stderr of a process with a terminal.
#pragma once

#include <string>

#include "libcontainerd/stdio.h"

namespace libcontainerd {

class EmptyReader final : public OutputReader {
 public:
  Awaitable<Result<std::string>> Read(std::size_t /*max_bytes*/) override {
    co_return Result<std::string>(std::string());
  }
  void Close() override {}
};

}  // namespace libcontainerd
