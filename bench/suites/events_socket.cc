// Events over gRPC on a unix socket: injected, streamed, handled by the client, and called back in
// order, with the cursor kept in a file; closed loop, nothing lost.
#include "bench/rigs/event_cases.h"

namespace {

using bench::AtLeast;
using bench::Settings;

void Add(bench::Suite& suite, std::string name, bench::EventCase wanted) {
  wanted.transport = bench::Transport::kSocket;
  suite.Add(
      std::move(name),
      [wanted](const Settings& settings) { return EventsOverWire(settings, wanted); },
      bench::InRuns(wanted.containers));
}

}  // namespace

int main(int argc, char** argv) {
  return bench::Main("events-socket", argc, argv, [](bench::Suite& suite) {
    const bench::EventReach reach{.plain = AtLeast(1.5), .batched = AtLeast(0.6)};
    Add(suite, "1", {.containers = 1, .reach = reach});
    Add(suite, "100", {.containers = 100, .reach = reach});
    Add(suite, "100-cursor-on-disk",
        {.containers = 100, .cursor = bench::Cursor::kOnDisk, .reach = reach});
    Add(suite, "100-journal",
        {.containers = 100, .journal = true, .reach = {.plain = AtLeast(1), .batched = {}}});
    Add(suite, "10000", {.containers = 10'000, .reach = reach});
    Add(suite, "100000", {.containers = 100'000});
    suite.Add("loss-to-10000", [](const Settings& settings) {
      return LossByContainers(settings, bench::Transport::kSocket, 10'000, 0.75);
    });
    suite.Add(
        "loss-to-100000",
        [](const Settings& settings) {
          return LossByContainers(settings, bench::Transport::kSocket, 100'000, 0.6);
        },
        bench::InRuns(100'000));
  });
}
