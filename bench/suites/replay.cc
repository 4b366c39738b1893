// Replay: a recorded trace of a hundred lives (scenarios/traces/rapid100.jsonl), over and over,
// over the loopback; lives per second, against those of the life-cycle suite's simulated world. A
// replay always keeps a journal; the floor keeps none.
//
//   run      the recording's steps, planned once
//   judged   as `drydock replay`: planned, run, compared with the recorded client, and judged
#include <algorithm>
#include <functional>
#include <memory>

#include "bench/frame/stopwatch.h"
#include "bench/frame/suite.h"
#include "bench/rigs/life_load.h"
#include "scenarios/recording_reader.h"
#include "scenarios/replay/trace_result.h"

namespace {

using bench::Case;
using bench::LifeLoad;
using bench::Result;
using bench::Settings;
using libcontainerd::ErrorCode;
using libcontainerd::Fail;
using libcontainerd::Status;

constexpr char kTrace[] = DRYDOCK_TRACES "/rapid100.jsonl";

struct Trace {
  scenarios::Recording recording;
  scenarios::ReplayPlan plan;
  std::size_t lives = 0;

  static Result<std::shared_ptr<Trace>> Read() {
    auto recording = scenarios::ReadRecording(kTrace);
    if (!recording) return Fail(std::move(recording).error());
    auto trace = std::make_shared<Trace>();
    trace->recording = std::move(*recording);
    trace->plan = scenarios::PlanReplay(trace->recording);
    trace->lives = static_cast<std::size_t>(std::ranges::count(
        trace->plan.calls, scenarios::CallKind::kCreate, &scenarios::PlannedCall::kind));
    return trace;
  }
};

constexpr scenarios::ReplayOptions OverLoopback() {
  return {.transport = scenarios::Transport::kLoopback, .reference = {}};
}

Status RunOnce(const Trace& trace) {
  const auto run = scenarios::RunReplay(trace.recording, trace.plan, OverLoopback());
  if (!run) return Fail(run.error());
  if (!run->stuck.empty()) return Fail(ErrorCode::kUnknown, run->stuck.front());
  return {};
}

Status JudgeOnce(const Trace& trace) {
  const auto result = scenarios::ReplayTrace("rapid100", trace.recording, OverLoopback());
  if (result.verdict == scenarios::TraceVerdict::kHeld) return {};
  return Fail(ErrorCode::kUnknown,
              "the replay " + std::string(scenarios::TraceVerdictName(result.verdict)));
}

// Lives per second of this thread's time.
Result<double> Repeat(const Trace& trace, std::size_t times, Status (*once)(const Trace&)) {
  const bench::Stopwatch watch(bench::Stopwatch::Of::kThread);
  for (std::size_t i = 0; i < times; ++i) {
    if (Status done = once(trace); !done) return Fail(std::move(done).error());
  }
  return static_cast<double>(times * trace.lives) / watch.seconds();
}

Result<Case> Replayed(const Settings& settings, Status (*once)(const Trace&)) {
  auto trace = Trace::Read();
  if (!trace) return Fail(std::move(trace).error());
  auto made = LifeLoad::Make({});
  if (!made) return Fail(std::move(made).error());
  const std::shared_ptr<LifeLoad> load = std::move(*made);
  const auto times = settings.Choose<std::size_t>(5'000, 20, 3, 1);
  const auto lives = settings.Choose<std::size_t>(2'000, 300, 5);
  return Case{
      .unit = "lives/s",
      .subject = [trace = *trace, times, once] { return Repeat(*trace, times, once); },
      .floors = {
          {.name = "lives",
           .measure = [load, lives] { return load->Run(lives, 1, bench::BenchWorld::SmallSpec()); },
           .ratio = bench::AtLeast(0.5)}}};
}

}  // namespace

int main(int argc, char** argv) {
  return bench::Main(
      "replay", argc, argv,
      [](bench::Suite& suite) {
        suite.Add("run", [](const Settings& settings) { return Replayed(settings, RunOnce); });
        suite.Add("judged", [](const Settings& settings) { return Replayed(settings, JudgeOnce); });
      },
      {.cores = bench::Cores::kOne});
}
