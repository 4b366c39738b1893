// The reader of saved journals, and the judges after it, as `drydock recheck` uses both.
//
// Whatever is read comes out again as it was, a refusal says where, and every guarantee can be
// asked about it, however little sense it makes: a verdict is broken exactly if it has violations,
// and what they speak of are entries of the journal.
//
// Not covered: whether verdicts are right, and reports that are drawn from journals.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <sstream>
#include <string>

#include "scenarios/guarantees/evidence.h"
#include "scenarios/journal.h"

namespace {

void Require(bool holds) {
  if (!holds) std::abort();
}

void RoundTrip(const scenarios::Journal& journal) {
  std::stringstream written;
  scenarios::WriteJournal(journal, written);
  const std::string text = written.str();
  scenarios::Journal again;
  std::ostringstream rewritten;
  Require(scenarios::ReadJournal(written, "written", again).has_value());
  scenarios::WriteJournal(again, rewritten);
  Require(rewritten.str() == text);
}

void Judge(const scenarios::Journal& journal, bool stepped_clock) {
  const scenarios::JudgeOptions options{.stepped_clock = stepped_clock};
  const scenarios::Evidence evidence(journal, options);
  for (const scenarios::Guarantee& guarantee : scenarios::AllGuarantees()) {
    const scenarios::Judgement judgement = guarantee.judge(evidence);
    const bool broken = judgement.verdict == scenarios::Verdict::kBroken;
    Require(broken == !judgement.violations.empty());
    for (const scenarios::Violation& violation : judgement.violations) {
      for (const std::uint64_t seq : violation.entries) {
        Require(seq >= 1 && seq <= journal.entries().size());
      }
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::istringstream in(std::string(reinterpret_cast<const char*>(data), size));
  scenarios::Journal journal;
  const auto read = scenarios::ReadJournal(in, "input", journal);
  if (!read) {
    Require(read.error().code == libcontainerd::ErrorCode::kInvalidArgument);
    Require(read.error().message.starts_with("input:"));
    return 0;
  }
  RoundTrip(journal);
  Judge(journal, false);
  Judge(journal, true);
  return 0;
}
