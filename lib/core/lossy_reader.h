// LossyReader: an OutputReader that keeps the last piece before the end to itself, for a mutant.
//
// Threads: as OutputReader's.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "libcontainerd/stdio.h"

namespace libcontainerd {

class LossyReader final : public OutputReader {
 public:
  explicit LossyReader(std::unique_ptr<OutputReader> reader) : state_(std::make_shared<State>()) {
    state_->reader = std::move(reader);
  }
  ~LossyReader() override { state_->reader.reset(); }

  Awaitable<Result<std::string>> Read(std::size_t max_bytes) override {
    return ReadAhead(state_, max_bytes);
  }
  void Close() override { state_->reader->Close(); }

 private:
  struct State {
    std::unique_ptr<OutputReader> reader;
    std::string ahead;
  };

  static Awaitable<Result<std::string>> ReadAhead(std::shared_ptr<State> state,
                                                  std::size_t max_bytes) {
    while (state->reader) {
      Result<std::string> data = co_await state->reader->Read(max_bytes);
      if (!data || data->empty()) co_return data;
      std::string ready = std::exchange(state->ahead, std::move(*data));
      if (!ready.empty()) co_return ready;
    }
    co_return Fail(ErrorCode::kCancelled, "stream closed");
  }

  std::shared_ptr<State> state_;
};

}  // namespace libcontainerd
