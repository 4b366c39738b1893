#include <charconv>
#include <cmath>
#include <fstream>
#include <iostream>
#include <string_view>

#include <sched.h>

#include <benchmark/benchmark.h>

#include "bench/frame/figures_file.h"
#include "bench/frame/rounds.h"
#include "bench/frame/suite.h"

namespace bench {
namespace {

constexpr int kFailed = 1;
constexpr int kUsage = 2;
constexpr int kRefused = 3;
constexpr int kMissed = 4;

constexpr char kHelp[] =
    R"(  --out=FILE          where the figures go, as JSON (docs/performance.md)
  --quick             smaller cases
  --long              the largest ones: a million lives, events, entries; as long as it takes
  --tiny              one round of next to nothing: that it works at all
  --rounds=N          of a set; at least 5, but for --tiny
  --strict            exit code 4 when something that must be reached is not
  --containerd=URL    unix:///PATH of a running containerd 0.2, for the cases that can measure one
  --benchmark_…       Google Benchmark's; --benchmark_filter=REGEX chooses cases
)";

struct Program {
  std::string name;
  Settings settings;
  std::string out{};
  bool strict = false;
  std::vector<CaseFigures> figures{};
  bool failed = false;
};

// The last core, for the first one gets most of a machine's interrupts.
void PinToOneCore() {
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  if (::sched_getaffinity(0, sizeof allowed, &allowed) != 0) return;
  for (int core = CPU_SETSIZE - 1; core >= 0; --core) {
    if (!CPU_ISSET(core, &allowed)) continue;
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(core, &one);
    ::sched_setaffinity(0, sizeof one, &one);  // where it is forbidden, it runs unpinned
    return;
  }
}

std::optional<std::string_view> ValueOf(std::string_view argument, std::string_view option) {
  if (!argument.starts_with(option)) return std::nullopt;
  return argument.substr(option.size());
}

// What is not ours stays in `rest`. False: wrong.
bool ReadOption(Program& program, std::string_view argument) {
  if (argument == "--quick") {
    program.settings.mode = Mode::kQuick;
  } else if (argument == "--long") {
    program.settings.mode = Mode::kLong;
  } else if (argument == "--tiny") {
    program.settings.mode = Mode::kTiny;
  } else if (argument == "--strict") {
    program.strict = true;
  } else if (const auto file = ValueOf(argument, "--out=")) {
    program.out = *file;
  } else if (const auto url = ValueOf(argument, "--containerd=")) {
    constexpr std::string_view kScheme = "unix://";
    program.settings.containerd =
        url->starts_with(kScheme) ? url->substr(kScheme.size()) : std::string(*url);
  } else if (const auto rounds = ValueOf(argument, "--rounds=")) {
    const auto [end, error] =
        std::from_chars(rounds->data(), rounds->data() + rounds->size(), program.settings.rounds);
    return error == std::errc() && end == rounds->data() + rounds->size() &&
           program.settings.rounds >= 5;
  } else {
    return argument.starts_with("--benchmark_");
  }
  return true;
}

// From now on, for all of the suite.
std::chrono::steady_clock::time_point PatienceOf(Mode mode) {
  constexpr std::chrono::seconds kFull{10};
  const auto now = std::chrono::steady_clock::now();
  if (mode == Mode::kLong) return std::chrono::steady_clock::time_point::max();
  return mode == Mode::kFull ? now + kFull : now;
}

void Count(benchmark::State& state, const Measured& measured) {
  state.counters["subject"] = measured.subject;
  for (const Held& held : measured.held) {
    const std::string of = held.floor.empty() ? "" : "_" + held.floor;
    if (!held.floor.empty()) {
      state.counters["floor" + of] = held.floor_median;
      state.counters["ratio" + of] = held.ratio;
    }
    state.counters["spread" + of] = held.spread;
  }
}

std::string Percent(double share) {
  return std::to_string(std::lround(share * 100)) + " %";
}

// One iteration is a whole case: its rounds are ours, since a round is several measurements.
void RunCase(benchmark::State& state, Program& program, const std::string& name,
             const Suite::Make& make) {
  for (auto unused : state) {
    Result<Case> made = make(program.settings);
    Result<Measured> measured =
        made ? MeasureCase(*made, program.settings) : libcontainerd::Fail(made.error());
    if (!measured) {
      program.failed = true;
      state.SkipWithError(measured.error().message.c_str());
      return;
    }
    state.SetIterationTime(measured->seconds);
    Count(state, *measured);
    const bool judged = program.settings.mode != Mode::kTiny && !made->exact;
    const std::string refusal = "refused: spread " + Percent(measured->widest_spread());
    state.SetLabel(judged && measured->refused() ? refusal : made->unit);
    program.figures.push_back({.suite = program.name,
                               .name = name,
                               .unit = made->unit,
                               .better = made->better,
                               .reach = made->reach,
                               .exact = made->exact || program.settings.mode == Mode::kTiny,
                               .measured = std::move(*measured),
                               .series = made->series ? made->series() : std::vector<Series>()});
  }
}

bool AnyRefused(const Program& program) {
  for (const CaseFigures& figures : program.figures) {
    if (!figures.exact && figures.measured.refused()) return true;
  }
  return false;
}

// Says each, and whether there was one.
bool SayMissed(const Program& program) {
  bool missed = false;
  const auto say = [&](const CaseFigures& of, const Reach& reach, double figure,
                       const std::string& what) {
    if (Holds(reach, figure)) return;
    missed = true;
    std::cerr << program.name << '/' << of.name << ": not reached: " << what << ' ' << figure
              << (reach.relation == Reach::Relation::kAtLeast ? ", at least " : ", at most ")
              << reach.value << '\n';
  };
  for (const CaseFigures& of : program.figures) {
    if (of.reach) say(of, *of.reach, of.measured.subject, of.unit);
    for (const Held& held : of.measured.held) {
      if (held.reach) say(of, *held.reach, held.ratio, "ratio to " + held.floor);
    }
  }
  return missed;
}

int Finish(const Program& program) {
  if (program.failed) return kFailed;
  if (!program.out.empty()) {
    std::ofstream file(program.out);
    file << ToJson(program.figures, program.settings) << std::flush;
    if (!file) {
      std::cerr << program.name << ": " << program.out << " cannot be written\n";
      return kFailed;
    }
  }
  if (program.settings.mode == Mode::kTiny) return 0;
  const bool missed = SayMissed(program);
  if (AnyRefused(program)) return kRefused;
  return missed && program.strict ? kMissed : 0;
}

}  // namespace

int Main(std::string name, int argc, char** argv, const std::function<void(Suite&)>& add,
         SuiteOptions options) {
  Program program{.name = std::move(name), .settings = {}};
  std::vector<char*> rest{argv[0]};
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    if (argument == "--help") {
      std::cout << "usage: " << argv[0] << " [OPTION…]\n\n" << kHelp;
      return 0;
    }
    if (!ReadOption(program, argument)) {
      std::cerr << argv[0] << ": " << argument << ": no such option, or a wrong value\n" << kHelp;
      return kUsage;
    }
    if (argument.starts_with("--benchmark_")) rest.push_back(argv[i]);
  }
  if (options.cores == Cores::kOne) PinToOneCore();
  Suite suite;
  add(suite);
  program.settings.patience = PatienceOf(program.settings.mode);
  for (const Suite::Named& one : suite.cases()) {
    if (program.settings.mode == Mode::kQuick && one.in == Suite::In::kAllButQuick) continue;
    const std::string full = program.name + "/" + one.name;
    benchmark::RegisterBenchmark(
        full.c_str(),
        [&program, one](benchmark::State& state) { RunCase(state, program, one.name, one.make); })
        ->Iterations(1)
        ->UseManualTime()
        ->Unit(benchmark::kSecond);
  }
  int count = static_cast<int>(rest.size());
  benchmark::Initialize(&count, rest.data());
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return Finish(program);
}

}  // namespace bench
