// Guarantee: what an engine built on libcontainerd is owed, judged from a journal alone.
//
// Each is a pure function over the journal with a name and one sentence. It answers held, broken
// (with the entries that show it) or not observable (the journal lacks what it needs) — never
// silence. The end of the journal counts as rest: who records stops when nothing moves any more.
// The same journal gives the same answer, in the same order.
//
// Threads: judging only reads; not while somebody records.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "libcontainerd/timing.h"
#include "scenarios/journal.h"

namespace scenarios {

class Evidence;  // evidence.h

enum class Verdict : std::uint8_t { kHeld, kBroken, kNotObservable };
std::string_view VerdictName(Verdict verdict);  // "held", "broken", "not observable"

struct Violation {
  std::string what;                    // one sentence: container, process, what happened instead
  std::vector<std::uint64_t> entries;  // seq of the entries that show it, ascending

  friend bool operator==(const Violation&, const Violation&) = default;
};

struct Judgement {
  Verdict verdict = Verdict::kNotObservable;
  std::vector<Violation> violations;  // not empty exactly when broken
};

// What a journal does not say of itself.
struct JudgeOptions {
  libcontainerd::Timing timing{};  // with which the client ran
  // What should happen at once may take so long on the journal's clock.
  libcontainerd::Duration promptly = std::chrono::seconds(1);
  // The clock was stepped by hand: what became due within a step happens at its end.
  bool stepped_clock = false;
};

struct Guarantee {
  std::string_view name;      // "callbacks-serial"
  std::string_view sentence;  // what must hold
  std::string_view blind;     // when it is not observable: "without …"
  Judgement (*judge)(const Evidence& evidence);
};

// All of them, in the order of docs/guarantees.md.
std::span<const Guarantee> AllGuarantees();
const Guarantee* FindGuarantee(std::string_view name);  // null if unknown

// Asks one about a journal. Who asks all of them makes one Evidence and calls `judge`.
Judgement JudgeJournal(const Guarantee& guarantee, const Journal& journal,
                       const JudgeOptions& options = {});

}  // namespace scenarios
