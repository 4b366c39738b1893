#include "scenarios/runner/run_many.h"

#include <algorithm>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>

namespace scenarios {

namespace {

using Clock = std::chrono::steady_clock;

// Shared with the threads, one of which may be stuck for ever.
struct Hall {
  std::mutex mutex;  // guards the rest
  std::condition_variable changed;
  std::vector<Work> work;
  std::vector<Scenario> scenarios;  // their own: who calls may be gone
  std::vector<ScenarioResult> results;
  std::vector<bool> ended;
  std::vector<Clock::time_point> begun;  // min(): not yet
  std::function<void(std::size_t, ScenarioResult&)> done;
  std::size_t next = 0;
  std::size_t finished = 0;
};

void Labour(const std::shared_ptr<Hall>& hall) {
  std::unique_lock lock(hall->mutex);
  while (hall->next < hall->work.size()) {
    const std::size_t index = hall->next++;
    hall->begun[index] = Clock::now();
    const RunOptions options = hall->work[index].options;
    lock.unlock();
    hall->changed.notify_all();
    ScenarioResult result = RunScenario(hall->scenarios[index], options);
    lock.lock();
    if (hall->ended[index]) return;  // given up on
    hall->ended[index] = true;
    hall->results[index] = std::move(result);
    if (hall->done) hall->done(index, hall->results[index]);
    ++hall->finished;
    hall->changed.notify_all();
  }
}

void GiveUp(Hall& hall, std::size_t index, std::chrono::milliseconds timeout) {
  ScenarioResult result;
  result.scenario = hall.scenarios[index];
  result.transport = TransportName(hall.work[index].options.transport);
  result.seed = hall.work[index].options.seed;
  result.time = timeout;
  result.cannot_judge = "it did not end within " + std::to_string(timeout.count()) + " ms";
  hall.ended[index] = true;
  hall.results[index] = std::move(result);
  if (hall.done) hall.done(index, hall.results[index]);
  ++hall.finished;
}

}  // namespace

ManyResults RunMany(const std::vector<Work>& work, const ManyOptions& options,
                    const std::function<void(std::size_t, ScenarioResult&)>& done) {
  const auto hall = std::make_shared<Hall>();
  hall->work = work;
  for (const Work& each : work) hall->scenarios.push_back(*each.scenario);
  hall->results.resize(work.size());
  hall->ended.resize(work.size(), false);
  hall->begun.resize(work.size(), Clock::time_point::min());
  hall->done = done;

  const std::size_t jobs =
      std::clamp<std::size_t>(options.jobs, 1, std::max<std::size_t>(1, work.size()));
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < jobs; ++i) threads.emplace_back(Labour, hall);

  ManyResults many;
  std::unique_lock lock(hall->mutex);
  while (hall->finished < work.size()) {
    auto wake = Clock::now() + std::chrono::hours(1);
    for (std::size_t i = 0; i < work.size() && options.timeout.count() > 0; ++i) {
      if (hall->ended[i] || hall->begun[i] == Clock::time_point::min()) continue;
      const auto deadline = hall->begun[i] + options.timeout;
      if (deadline > Clock::now()) {
        wake = std::min(wake, deadline);
        continue;
      }
      GiveUp(*hall, i, options.timeout);
      many.stuck = true;
      threads.emplace_back(Labour, hall);  // in the place of the one that is stuck
    }
    if (hall->finished < work.size()) hall->changed.wait_until(lock, wake);
  }
  many.results = hall->results;
  lock.unlock();
  for (std::thread& thread : threads) {
    if (many.stuck) {
      thread.detach();
    } else {
      thread.join();
    }
  }
  return many;
}

}  // namespace scenarios
