// Runs one coroutine to its end on a SimulatedRuntime and hands out what it returned.
#pragma once

#include <optional>
#include <stdexcept>
#include <utility>

#include "libcontainerd/async.h"
#include "libcontainerd/simulated_runtime.h"

namespace libcontainerd {

template <class T>
Awaitable<void> StoreResult(Awaitable<T> coroutine, std::optional<T>& result) {
  result.emplace(co_await std::move(coroutine));
}

// Throws when the coroutine never ends, so that the test says where.
template <class T>
T RunCoroutine(SimulatedRuntime& runtime, Awaitable<T> coroutine) {
  std::optional<T> result;
  Spawn(runtime, StoreResult(std::move(coroutine), result));
  runtime.RunUntil([&] { return result.has_value() || runtime.failure(); });
  if (runtime.failure()) std::rethrow_exception(runtime.failure());
  if (!result) throw std::runtime_error("everything came to rest before the coroutine ended");
  return std::move(*result);
}

}  // namespace libcontainerd
