#include "scenarios/guarantees/add_calls.h"

#include <algorithm>

#include "scenarios/guarantees/judging.h"

namespace scenarios {

std::uint64_t AddCalls::Visit(const Entry& entry) {
  switch (entry.kind) {
    case EntryKind::kCallBegin:
      if (entry.what != words_.add_process) break;
      waiting_[PairKey(entry.id, entry.process)].push_back({entry.number, entry.seq});
      break;
    case EntryKind::kCallEnd:
      if (entry.what != words_.add_process) break;
      std::erase_if(waiting_[PairKey(entry.id, entry.process)],
                    [&](const Call& call) { return call.number == entry.number; });
      break;
    case EntryKind::kRpcBegin:
      if (entry.what == words_.add_process_rpc) return Sent(entry);
      break;
    case EntryKind::kCallbackEnd:
      if (entry.what == words_.exit) exited_[entry.id] = entry.seq;
      break;
    case EntryKind::kNote:
      if (words_.IsEngineGone(entry)) waiting_.clear();
      break;
    default:
      break;
  }
  return 0;
}

std::uint64_t AddCalls::Sent(const Entry& rpc) {
  std::vector<Call>& waiting = waiting_[PairKey(rpc.id, rpc.process)];
  const std::uint64_t exited = exited_[rpc.id];
  const auto call =
      std::ranges::find_if(waiting, [&](const Call& each) { return each.seq > exited; });
  if (call == waiting.end()) return 0;
  const std::uint64_t number = call->number;
  waiting.erase(waiting.begin(), call + 1);  // those before it were or will be refused
  return number;
}

}  // namespace scenarios
