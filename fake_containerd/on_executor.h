// Runs a step on a runtime's executor and waits for it.
//
// Threads: any but the executor's, which would wait for itself.
#pragma once

#include <exception>
#include <future>
#include <utility>

#include <asio/post.hpp>

#include "libcontainerd/runtime.h"

namespace fake_containerd {

// What escapes from the step escapes here.
template <class Step>
void OnExecutor(libcontainerd::Runtime& runtime, Step&& step) {
  std::promise<void> promise;
  std::future<void> done = promise.get_future();
  // Moved there: it must not die here while it still wakes us.
  asio::post(runtime.executor(), [&step, promise = std::move(promise)]() mutable {
    try {
      step();
      promise.set_value();
    } catch (...) {
      promise.set_exception(std::current_exception());
    }
  });
  done.get();
}

}  // namespace fake_containerd
