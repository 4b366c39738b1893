// The promise that everything else here is built on: same seed, same schedule, byte for byte — in
// one process whatever the heap looks like, in another process, and with another compiler. "Run it
// twice" alone would miss an order that comes from addresses, so a canary that has one must be
// caught.
#include <array>
#include <cstdint>
#include <cstdio>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <unistd.h>

#include <gtest/gtest.h>

#include "libcontainerd/async.h"
#include "libcontainerd/mailbox.h"
#include "libcontainerd/memory_fifos.h"
#include "libcontainerd/random.h"
#include "libcontainerd/simulated_runtime.h"

namespace libcontainerd {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

constexpr std::uint64_t kSeed = 20161005;
constexpr int kTasks = 300;
// Of the log that kSeed gives. It changes with the order of steps inside this library, and only
// then: a new value is a new order for every saved seed, to be said in the commit.
constexpr std::uint64_t kExpectedHash = 8815022057786802176U;

std::uint64_t Fnv1a(std::string_view text) {
  std::uint64_t hash = 0xcbf29ce484222325U;
  for (const char byte : text) {
    hash = (hash ^ static_cast<unsigned char>(byte)) * 0x100000001b3U;
  }
  return hash;
}

// What the tasks share: a lock, a queue, a pipe, and the log that shows every step.
struct World {
  explicit World(std::uint64_t seed) : runtime(seed), random(seed + 1) {}

  void Write(int task, std::string_view what, std::uint64_t value) {
    log += std::to_string(runtime.Now().count()) + ' ' + std::to_string(task) + ' ';
    log += what;
    log += ' ' + std::to_string(value) + '\n';
  }

  SimulatedRuntime runtime;
  Random random;
  std::string log;
  AsyncMutex mutex{runtime};
  Mailbox<int> mailbox{[this](int task, UniqueFunction<void()> done) {
    Write(task, "handled", mailbox.size());
    runtime.StartTimer(microseconds(random.Between(0, 50)), std::move(done));
  }};
  MemoryFifos fifos{runtime, 16};
};

Awaitable<void> OneTask(World& world, int task) {
  Random random(static_cast<std::uint64_t>(task));
  for (int step = 0; step < 5; ++step) {
    co_await Sleep(world.runtime, microseconds(random.Between(0, 20)));
    world.Write(task, "woke", world.random.Below(1000));
    world.mailbox.Push(task);
    const Duration patience = microseconds(random.Between(0, 400));
    if (co_await world.mutex.Lock(patience)) {
      world.Write(task, "locked", world.random.Below(1000));
      if (random.Chance(1, 2)) co_await Sleep(world.runtime, microseconds(3));
      world.mutex.Unlock();
    } else {
      world.Write(task, "gave up", 0);
    }
    auto work = [&world] { return world.random.Below(1000); };
    const std::uint64_t result = co_await OffExecutor(world.runtime, std::move(work));
    world.Write(task, "worked", result);
  }
}

Awaitable<void> Produce(World& world) {
  const auto writer = world.fifos.OpenWriter("/pipe").value();
  for (int i = 0; i < 100; ++i) {
    const Status status =
        co_await writer->Write(std::string(static_cast<std::size_t>(i % 23), 'x'));
    world.Write(-1, "wrote", status ? 1 : 0);
  }
}

Awaitable<void> Consume(World& world) {
  const auto reader = world.fifos.OpenReader("/pipe").value();
  while (true) {
    const Result<std::string> data = co_await reader->Read(7);
    world.Write(-2, "read", data.value().size());
    if (data->empty()) co_return;
  }
}

// The log of one run, and the draw that depends on every draw before it.
std::string RunWorkload(std::uint64_t seed) {
  World world(seed);
  world.fifos.Create("/pipe");
  Spawn(world.runtime, Consume(world));
  Spawn(world.runtime, Produce(world));
  for (int task = 0; task < kTasks; ++task) Spawn(world.runtime, OneTask(world, task));
  world.runtime.Run();
  world.Write(-3, "fingerprint", world.runtime.Fingerprint());
  return world.log;
}

// The defect that these tests exist for: tasks begin in the order of a hash of their addresses, as
// they would in a walk through a good hash table of pointers.
std::string RunPointerOrderedWorkload(std::uint64_t seed) {
  World world(seed);
  std::vector<std::unique_ptr<int>> owned;
  std::map<std::uint64_t, const int*> tasks;
  for (int task = 0; task < kTasks; ++task) {
    owned.push_back(std::make_unique<int>(task));
    const auto address = reinterpret_cast<std::uintptr_t>(owned.back().get());
    tasks.emplace(Random(address).Next(), owned.back().get());
  }
  for (const auto& [hash, task] : tasks) Spawn(world.runtime, OneTask(world, *task));
  world.runtime.Run();
  return world.log;
}

// Blocks of many sizes, half of them freed again: what is allocated next lands elsewhere than it
// did before.
std::vector<std::unique_ptr<char[]>> HeapJunk(std::uint64_t seed) {
  Random random(seed);
  std::vector<std::unique_ptr<char[]>> kept;
  for (int i = 0; i < 20000; ++i) {
    kept.push_back(std::make_unique<char[]>(static_cast<std::size_t>(random.Between(1, 600))));
  }
  random.Shuffle(kept);
  kept.resize(kept.size() / 2);
  return kept;
}

// How the tests below look for it; true when all runs agree.
bool SameAfterHeapJunk(std::string (*workload)(std::uint64_t seed)) {
  const std::string first = workload(kSeed);
  for (std::uint64_t junk_seed = 0; junk_seed < 3; ++junk_seed) {
    const auto junk = HeapJunk(junk_seed);
    if (workload(kSeed) != first) return false;
  }
  return true;
}

std::string OutputOf(const std::string& command) {
  std::string output;
  std::unique_ptr<FILE, int (*)(FILE*)> pipe(popen(command.c_str(), "r"), pclose);
  std::array<char, 4096> buffer{};
  while (pipe) {
    const std::size_t count = fread(buffer.data(), 1, buffer.size(), pipe.get());
    if (count == 0) break;
    output.append(buffer.data(), count);
  }
  return output;
}

std::string PathOfThisProgram() {
  std::array<char, 4096> path{};
  const ssize_t length = readlink("/proc/self/exe", path.data(), path.size());
  return std::string(path.data(), length > 0 ? static_cast<std::size_t>(length) : 0);
}

TEST(Determinism, TheWorkloadIsWorthLookingAt) {
  const std::string log = RunWorkload(kSeed);
  for (const char* what : {"woke", "handled", "locked", "gave up", "worked", "wrote", "read 0"}) {
    EXPECT_NE(log.find(what), std::string::npos) << what << " never happened";
  }
}

TEST(Determinism, SameSeedSameLogWhateverTheHeapLooksLike) {
  EXPECT_TRUE(SameAfterHeapJunk(&RunWorkload));
}

TEST(Determinism, AnotherSeedIsAnotherSchedule) {
  EXPECT_NE(RunWorkload(kSeed), RunWorkload(kSeed + 1));
}

TEST(Determinism, SameSeedSameLogInAnotherProcess) {
  EXPECT_EQ(OutputOf("'" + PathOfThisProgram() + "' --print-log"), RunWorkload(kSeed));
}

TEST(Determinism, SameSeedSameLogWithEveryCompiler) {
  EXPECT_EQ(Fnv1a(RunWorkload(kSeed)), kExpectedHash);
}

TEST(Determinism, AnOrderThatComesFromAddressesIsCaught) {
  EXPECT_FALSE(SameAfterHeapJunk(&RunPointerOrderedWorkload));
}

}  // namespace
}  // namespace libcontainerd

int main(int argc, char** argv) {
  if (argc == 2 && std::string_view(argv[1]) == "--print-log") {
    const std::string log = libcontainerd::RunWorkload(libcontainerd::kSeed);
    return fwrite(log.data(), 1, log.size(), stdout) == log.size() ? 0 : 1;
  }
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
