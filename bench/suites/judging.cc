// Judging: every guarantee over a journal in memory that holds whole lives, and whether four times
// as many entries take four times as long.
#include <memory>

#include "bench/frame/stopwatch.h"
#include "bench/frame/suite.h"
#include "bench/rigs/life_load.h"
#include "scenarios/guarantees/evidence.h"

namespace {

using bench::Case;
using bench::LifeLoad;
using bench::Result;
using bench::Settings;
using libcontainerd::ErrorCode;
using libcontainerd::Fail;

// The world is kept with its journal, which is read-only from then on.
Result<std::shared_ptr<LifeLoad>> Recorded(std::size_t entries) {
  auto made = LifeLoad::Make({.journal = true});
  if (!made) return Fail(std::move(made).error());
  constexpr std::size_t kAtATime = 500;
  while ((*made)->world().journal().entries().size() < entries) {
    const auto lived =
        (*made)->Run(std::min(kAtATime, entries / 10), 16, bench::BenchWorld::SmallSpec());
    if (!lived) return Fail(lived.error());
  }
  return std::shared_ptr<LifeLoad>(std::move(*made));
}

// Judges that saw nothing would be fast.
constexpr std::size_t kHeldAtLeast = 8;

// Entries per second of this thread's time.
Result<double> Judge(LifeLoad& load) {
  const scenarios::Journal& journal = load.world().journal();
  const bench::Stopwatch watch(bench::Stopwatch::Of::kThread);
  const scenarios::Evidence evidence(journal, {.timing = bench::BenchWorld::Timing()});
  std::size_t held = 0;
  for (const scenarios::Guarantee& guarantee : scenarios::AllGuarantees()) {
    const scenarios::Judgement judgement = guarantee.judge(evidence);
    held += judgement.verdict == scenarios::Verdict::kHeld ? 1 : 0;
    if (judgement.verdict != scenarios::Verdict::kBroken) continue;
    return Fail(ErrorCode::kUnknown,
                std::string(guarantee.name) + " is broken: " + judgement.violations.front().what);
  }
  const double seconds = watch.seconds();
  if (held < kHeldAtLeast) {
    return Fail(ErrorCode::kUnknown,
                "only " + std::to_string(held) + " guarantees had something to judge");
  }
  return static_cast<double>(journal.entries().size()) / seconds;
}

Result<Case> Rate(const Settings& settings) {
  auto load = Recorded(settings.Choose<std::size_t>(1'000'000, 100'000, 500));
  if (!load) return Fail(std::move(load).error());
  return Case{.unit = "entries/s",
              .subject = [load = *load] { return Judge(*load); },
              .reach = bench::AtLeast(1'000'000)};
}

Result<Case> Linear(const Settings& settings) {
  const auto entries = settings.Choose<std::size_t>(1'000'000, 100'000, 500);
  auto many = Recorded(entries);
  if (!many) return Fail(std::move(many).error());
  auto few = Recorded(entries / 4);
  if (!few) return Fail(std::move(few).error());
  return Case{.unit = "entries/s",
              .subject = [load = *many] { return Judge(*load); },
              .floors = {{.name = "quarter",
                          .measure = [load = *few] { return Judge(*load); },
                          .ratio = bench::AtLeast(0.8)}}};
}

}  // namespace

int main(int argc, char** argv) {
  return bench::Main("judging", argc, argv,
                     [](bench::Suite& suite) {
                       suite.Add("all-guarantees", Rate);
                       suite.Add("linear", Linear);
                     },
                     {.cores = bench::Cores::kOne});
}
