#include "bench/rigs/event_cases.h"

#include <algorithm>
#include <memory>
#include <utility>

namespace bench {

using libcontainerd::Fail;

namespace {

std::size_t EventsOf(const Settings& settings) {
  return settings.Choose<std::size_t>(40'000, 10'000, 400);
}

Result<std::shared_ptr<EventLoad>> Load(const Settings& settings, const EventCase& wanted) {
  const std::size_t containers = settings.Choose(wanted.containers, wanted.containers,
                                                 std::min<std::size_t>(wanted.containers, 8));
  auto load = EventLoad::Make(
      {.world = {.transport = wanted.transport, .cursor = wanted.cursor, .journal = wanted.journal},
       .containers = containers});
  if (!load) return Fail(std::move(load).error());
  return std::shared_ptr<EventLoad>(std::move(*load));
}

// A journal keeps all that it was told: each measurement has a world of its own.
Measure Subject(const Settings& settings, const EventCase& wanted,
                std::shared_ptr<EventLoad> load) {
  const std::size_t events = EventsOf(settings);
  if (!wanted.journal) return [load = std::move(load), events] { return load->Run(events); };
  return [settings, wanted, events]() -> Result<double> {
    auto fresh = Load(settings, wanted);
    if (!fresh) return Fail(std::move(fresh).error());
    return (*fresh)->Run(events);
  };
}

}  // namespace

Result<Case> EventsOverWire(const Settings& settings, const EventCase& wanted) {
  const Wire wire = wanted.transport == Transport::kSocket ? Wire::kSocket : Wire::kInProcess;
  auto bare = GrpcFloor::Start(wire, EventLoad::Messages(wanted.containers));
  if (!bare) return Fail(std::move(bare).error());
  const std::shared_ptr<GrpcFloor> floor = std::move(*bare);
  auto load = Load(settings, wanted);
  if (!load) return Fail(std::move(load).error());
  const std::size_t events = EventsOf(settings);
  return Case{
      .unit = "events/s",
      .subject = Subject(settings, wanted, std::move(*load)),
      .floors = {{.name = "plain",
                  .measure = [floor, events] { return floor->Stream(events, Writing::kPlain); },
                  .ratio = wanted.reach.plain},
                 {.name = "batched",
                  .measure = [floor, events] { return floor->Stream(events, Writing::kBatched); },
                  .ratio = wanted.reach.batched}}};
}

Result<Case> LossByContainers(const Settings& settings, Transport transport, std::size_t containers,
                              double least) {
  auto one = Load(settings, {.transport = transport, .containers = 1});
  if (!one) return Fail(std::move(one).error());
  auto many = Load(settings, {.transport = transport, .containers = containers});
  if (!many) return Fail(std::move(many).error());
  const std::size_t events = EventsOf(settings);
  return Case{.unit = "events/s",
              .subject = [load = *many, events] { return load->Run(events); },
              .floors = {{.name = "one-container",
                          .measure = [load = *one, events] { return load->Run(events); },
                          .ratio = AtLeast(least)}}};
}

}  // namespace bench
