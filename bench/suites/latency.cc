// Latency: from an event's injection to its callback, over the socket; and a bare unary call over a
// socket, there and back, as its floor. One at a time, and 10 000 a second: those are begun when
// they are due, and their latency counts from then.
#include <algorithm>
#include <cmath>
#include <memory>
#include <vector>

#include "bench/frame/suite.h"
#include "bench/rigs/event_load.h"

namespace {

using bench::Case;
using bench::EventLoad;
using bench::GrpcFloor;
using bench::Result;
using bench::Settings;
using libcontainerd::Fail;

// Of all rounds together.
struct Samples {
  std::vector<double> subject;
  std::vector<double> floor;
};

double Quantile(std::vector<double>& values, double share) {
  if (values.empty()) return 0;
  std::ranges::sort(values);
  const auto last = static_cast<double>(values.size() - 1);
  return values[static_cast<std::size_t>(std::lround(share * last))];
}

double MicrosecondsAt(std::vector<double> values, double share) {
  return Quantile(values, share) / 1e3;
}

bench::Series Distribution(std::string name, std::vector<double>& values) {
  bench::Series series{.name = std::move(name), .x_unit = "quantile", .y_unit = "µs", .points = {}};
  for (const double share : {0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.995, 0.999, 0.9999}) {
    series.points.push_back({share, Quantile(values, share) / 1e3});
  }
  return series;
}

Result<std::vector<double>> Pings(GrpcFloor& floor, std::size_t count) {
  std::vector<double> taken;
  for (std::size_t i = 0; i < count; ++i) {
    const auto ping = floor.Ping();
    if (!ping) return Fail(ping.error());
    taken.push_back(static_cast<double>(ping->count()));
  }
  return taken;
}

// Measures, keeps the samples, and gives one quantile of them.
template <class Take>
bench::Measure At(double share, Take take, std::shared_ptr<Samples> samples,
                  std::vector<double> Samples::*where) {
  return [=]() -> Result<double> {
    auto taken = take();
    if (!taken) return Fail(std::move(taken).error());
    std::vector<double>& all = (*samples).*where;
    all.insert(all.end(), taken->begin(), taken->end());
    return MicrosecondsAt(std::move(*taken), share);
  };
}

enum class Pace : std::uint8_t { kOneAtATime, kAtRate };
constexpr std::chrono::microseconds kPeriod{100};

struct Wanted {
  Pace pace = Pace::kOneAtATime;
  double share = 0.5;
  std::optional<bench::Reach> reach{};
};

Result<Case> LatencyAt(const Settings& settings, const Wanted& wanted) {
  auto started = GrpcFloor::Start(bench::Wire::kSocket, EventLoad::Messages(1));
  if (!started) return Fail(std::move(started).error());
  const std::shared_ptr<GrpcFloor> floor = std::move(*started);
  auto made = EventLoad::Make(
      {.world = {.transport = bench::Transport::kSocket, .cursor = bench::Cursor::kOnTmpfs},
       .containers = 100});
  if (!made) return Fail(std::move(made).error());
  const std::shared_ptr<EventLoad> load = std::move(*made);
  const auto count = settings.Choose<std::size_t>(4'000, 1'000, 20);
  const bool at_rate = wanted.pace == Pace::kAtRate;
  const auto events = [load, count, at_rate] {
    return at_rate ? load->PacedLatencies(count, kPeriod) : load->Latencies(count);
  };
  const auto pings = [floor, count, at_rate] {
    return at_rate ? floor->PacedPings(count, kPeriod) : Pings(*floor, count);
  };
  const auto samples = std::make_shared<Samples>();
  return Case{.unit = "µs",
              .better = bench::Better::kLower,
              .subject = At(wanted.share, events, samples, &Samples::subject),
              .floors = {{.name = "ping",
                          .measure = At(wanted.share, pings, samples, &Samples::floor),
                          .ratio = wanted.reach}},
              .series = [samples] {
                return std::vector<bench::Series>{Distribution("event", samples->subject),
                                                  Distribution("ping", samples->floor)};
              }};
}

}  // namespace

int main(int argc, char** argv) {
  return bench::Main("latency", argc, argv, [](bench::Suite& suite) {
    for (const Pace pace : {Pace::kOneAtATime, Pace::kAtRate}) {
      const std::string before = pace == Pace::kAtRate ? "10000-a-second-" : "";
      const auto add = [&](const std::string& name, const Wanted& wanted) {
        suite.Add(before + name,
                  [wanted](const Settings& settings) { return LatencyAt(settings, wanted); });
      };
      add("p50", {.pace = pace, .share = 0.5});
      add("p99", {.pace = pace, .share = 0.99, .reach = bench::AtMost(1)});
      add("p99.9", {.pace = pace, .share = 0.999});
    }
  });
}
