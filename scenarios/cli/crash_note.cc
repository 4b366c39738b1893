#include "scenarios/cli/crash_note.h"

#include <array>
#include <atomic>
#include <csignal>
#include <cstddef>
#include <cstring>

#include <unistd.h>

namespace scenarios {

namespace {

constexpr std::size_t kMostRuns = 256;
struct Slot {
  std::atomic<bool> taken{false};
  std::atomic<std::uint64_t> seed{0};
};
// A signal handler can reach nothing else.
std::array<Slot, kMostRuns> slots;

void Say(const char* text, std::size_t size) {
  if (::write(STDERR_FILENO, text, size) < 0) return;  // nothing more can be done
}

void SayNumber(std::uint64_t number) {
  std::array<char, 20> digits{};
  std::size_t first = digits.size();
  do {
    digits[--first] = static_cast<char>('0' + number % 10);
    number /= 10;
  } while (number > 0);
  Say(digits.data() + first, digits.size() - first);
}

void OnCrash(int signal) {
  for (const Slot& slot : slots) {
    if (!slot.taken.load()) continue;
    constexpr char kBegin[] = "drydock: crashed while at it: drydock explore --runs 1 --seed ";
    Say(kBegin, sizeof(kBegin) - 1);
    SayNumber(slot.seed.load());
    Say("\n", 1);
  }
  static_cast<void>(std::signal(signal, SIG_DFL));
  static_cast<void>(std::raise(signal));
}

}  // namespace

void InstallCrashNote() {
  for (const int signal : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT}) {
    struct sigaction present {};
    if (::sigaction(signal, nullptr, &present) != 0 || present.sa_handler != SIG_DFL) continue;
    struct sigaction ours {};
    ours.sa_handler = OnCrash;
    ::sigemptyset(&ours.sa_mask);
    ::sigaction(signal, &ours, nullptr);
  }
}

void NoteSeedBegun(std::uint64_t seed) {
  for (Slot& slot : slots) {
    bool free = false;
    if (!slot.taken.load() && slot.taken.compare_exchange_strong(free, true)) {
      slot.seed.store(seed);
      return;
    }
  }
}

void NoteSeedEnded(std::uint64_t seed) {
  for (Slot& slot : slots) {
    if (slot.taken.load() && slot.seed.load() == seed) slot.taken.store(false);
  }
}

}  // namespace scenarios
