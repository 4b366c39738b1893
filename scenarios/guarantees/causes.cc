#include "scenarios/guarantees/causes.h"

#include <unordered_map>
#include <utility>

#include "scenarios/guarantees/event_queue.h"
#include "scenarios/guarantees/words.h"

namespace scenarios {
namespace {

struct Key {
  LifeIndex life;
  Symbol state;
  Symbol process;

  friend bool operator==(const Key&, const Key&) = default;
};

struct KeyHash {
  std::size_t operator()(const Key& key) const {
    constexpr std::uint64_t kOdd = 0x9e3779b97f4a7c15;
    std::uint64_t hash =
        (std::uint64_t{key.life} << 32 | static_cast<std::uint32_t>(key.state)) * kOdd;
    hash ^= hash >> 29;
    return (hash ^ static_cast<std::uint32_t>(key.process)) * kOdd;
  }
};

}  // namespace

Causes FindCauses(const Journal& journal, const Lives& lives) {
  const Words words(journal);
  Causes causes;
  causes.partner_.assign(journal.entries().size(), 0);
  causes.end_.assign(journal.entries().size(), 0);
  std::unordered_map<Key, EventQueue, KeyHash> waiting;
  std::unordered_map<std::uint64_t, std::uint64_t> running;  // callbacks: number, seq of the begin
  for (const Entry& entry : journal.entries()) {
    if (entry.kind == EntryKind::kCallbackEnd) {
      const auto begin = running.find(entry.number);
      if (begin == running.end()) continue;
      causes.end_[begin->second - 1] = entry.seq;
      running.erase(begin);
      continue;
    }
    if (words.IsEngineGone(entry)) running.clear();
    const bool delivered = entry.kind == EntryKind::kEventDelivered;
    if (!delivered && entry.kind != EntryKind::kCallbackBegin) continue;
    if (!delivered) running.emplace(entry.number, entry.seq);
    const LifeIndex life = lives.IndexOf(entry);
    if (life == kNoLife) continue;
    if (delivered) {
      // What came before a restore flags the exit, and is not called back.
      const Life& restored = lives[life];
      if (entry.what == words.oom && restored.restored && entry.seq < restored.begin) continue;
      const bool of_exec = entry.what == words.exit && entry.process != words.init;
      const Symbol state = of_exec ? words.exit_process : entry.what;
      waiting[{life, state, of_exec ? entry.process : Symbol{}}].Push(&entry);
      continue;
    }
    // A restore tells of what its container is, not of how it came to that.
    if (entry.what == words.restore) {
      EventQueue& pauses = waiting[{life, words.pause, {}}];
      EventQueue& resumes = waiting[{life, words.resume, {}}];
      const Entry* pause = pauses.Back();
      const Entry* resume = std::exchange(resumes, {}).Back();
      pauses = {};
      if (pause != nullptr && (resume == nullptr || resume->stamp < pause->stamp))
        pauses.Push(pause);
      continue;
    }
    const bool of_exec = entry.what == words.exit_process;
    const auto events = waiting.find({life, entry.what, of_exec ? entry.process : Symbol{}});
    if (events == waiting.end() || events->second.empty()) continue;
    const Entry& event = *events->second.Pop();
    causes.partner_[event.seq - 1] = entry.seq;
    causes.partner_[entry.seq - 1] = event.seq;
  }
  return causes;
}

}  // namespace scenarios
