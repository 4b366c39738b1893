#include "scenarios/runner/run_many.h"

#include <algorithm>
#include <condition_variable>
#include <map>
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
  std::map<std::size_t, Clock::time_point> running;  // by index, since when
  std::function<void(std::size_t, ScenarioResult&)> done;
  std::size_t next = 0;
  std::size_t finished = 0;

  void End(std::size_t index, ScenarioResult result) {
    ended[index] = true;
    running.erase(index);
    results[index] = std::move(result);
    if (done) done(index, results[index]);
    ++finished;
  }
};

void Labour(const std::shared_ptr<Hall>& hall) {
  std::unique_lock lock(hall->mutex);
  while (hall->next < hall->work.size()) {
    const std::size_t index = hall->next++;
    hall->running.emplace(index, Clock::now());
    const RunOptions options = hall->work[index].options;
    lock.unlock();
    hall->changed.notify_all();
    ScenarioResult result = RunScenario(hall->scenarios[index], options);
    lock.lock();
    if (hall->ended[index]) return;  // given up on
    hall->End(index, std::move(result));
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
  hall.End(index, std::move(result));
}

// Gives up on those whose time is over; the first of the others to be looked at again.
Clock::time_point GiveUpOnTheLate(Hall& hall, std::chrono::milliseconds timeout,
                                  std::size_t& given_up) {
  auto wake = Clock::now() + std::chrono::hours(1);
  if (timeout.count() == 0) return wake;
  std::vector<std::size_t> late;
  for (const auto& [index, begun] : hall.running) {
    if (begun + timeout > Clock::now()) {
      wake = std::min(wake, begun + timeout);
    } else {
      late.push_back(index);
    }
  }
  for (const std::size_t index : late) GiveUp(hall, index, timeout);
  given_up = late.size();
  return wake;
}

}  // namespace

ManyResults RunMany(const std::vector<Work>& work, const ManyOptions& options,
                    const std::function<void(std::size_t, ScenarioResult&)>& done) {
  const auto hall = std::make_shared<Hall>();
  hall->work = work;
  for (const Work& each : work) hall->scenarios.push_back(*each.scenario);
  hall->results.resize(work.size());
  hall->ended.resize(work.size(), false);
  hall->done = done;

  const std::size_t jobs =
      std::clamp<std::size_t>(options.jobs, 1, std::max<std::size_t>(1, work.size()));
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < jobs; ++i) threads.emplace_back(Labour, hall);

  ManyResults many;
  std::unique_lock lock(hall->mutex);
  while (hall->finished < work.size()) {
    std::size_t given_up = 0;
    const Clock::time_point wake = GiveUpOnTheLate(*hall, options.timeout, given_up);
    many.stuck = many.stuck || given_up > 0;
    // In the places of those that are stuck.
    for (; given_up > 0; --given_up) threads.emplace_back(Labour, hall);
    if (hall->finished < work.size()) hall->changed.wait_until(lock, wake);
  }
  many.results = std::move(hall->results);
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
