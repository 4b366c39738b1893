#include <unordered_map>
#include <vector>

#include "scenarios/guarantees/judging.h"

namespace scenarios {
namespace {

class WaiterJudge {
 public:
  explicit WaiterJudge(const Evidence& evidence)
      : journal_(evidence.journal()), words_(evidence.words()) {}

  Judgement Judge() {
    bool any_callback = false;
    for (const Entry& entry : journal_.entries()) {
      any_callback |= entry.kind == EntryKind::kCallbackBegin;
      if (entry.what != words_.pause && entry.what != words_.resume) continue;
      if (entry.kind == EntryKind::kCallBegin) calls_.emplace(entry.number, entry.seq);
      if (entry.kind == EntryKind::kCallbackEnd) Of(entry).ended.push_back(entry.seq);
      if (entry.kind == EntryKind::kCallEnd) Returned(entry);
    }
    if (!any_callback) return {};
    return std::move(findings_).Conclude();
  }

 private:
  struct Callbacks {
    std::vector<std::uint64_t> ended;
    std::size_t used = 0;  // each releases one waiter
  };

  Callbacks& Of(const Entry& entry) { return callbacks_[PairKey(entry.id, entry.what)]; }

  void Returned(const Entry& end) {
    if (Failed(end)) return;
    findings_.Observe();
    const auto call = calls_.find(end.number);
    const std::uint64_t begin = call == calls_.end() ? 0 : call->second;
    Callbacks& callbacks = Of(end);
    while (callbacks.used < callbacks.ended.size()) {
      if (callbacks.ended[callbacks.used++] > begin) return;
    }
    findings_.Add(journal_.Text(end.id) + ": " + journal_.Text(end.what) +
                      " succeeded before its callback had ended",
                  {begin, end.seq});
  }

  const Journal& journal_;
  const Words& words_;
  Findings findings_;
  std::unordered_map<std::uint64_t, std::uint64_t> calls_;  // number: seq of the begin
  std::unordered_map<std::uint64_t, Callbacks> callbacks_;  // by id and state
};

Judgement JudgeWaiterAfterCallback(const Evidence& evidence) {
  return WaiterJudge(evidence).Judge();
}

}  // namespace

constinit const Guarantee kWaiterAfterCallback{
    "waiter-after-callback",
    "A pause or resume succeeds only after a callback of that state ended during the call; each "
    "such callback serves one call.",
    "without callbacks, or without a pause or resume that succeeded",
    &JudgeWaiterAfterCallback,
};

}  // namespace scenarios
