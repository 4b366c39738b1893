#include "scenarios/guarantees/exec_attempts.h"

#include <algorithm>
#include <utility>

#include "scenarios/guarantees/judging.h"

namespace scenarios {
std::uint64_t ExecAttempts::Visit(const Entry& entry) {
  const bool call = entry.what == add_process_;
  if (!call && entry.what != rpc_) return 0;
  if (call && entry.kind == EntryKind::kCallEnd) return CallEnd(entry);

  Exec& exec = execs_[PairKey(entry.id, entry.process)];
  if (call && entry.kind == EntryKind::kCallBegin) {
    exec.calls.push_back(entry.number);
  } else if (!call && entry.kind == EntryKind::kRpcBegin) {
    const auto asking =
        std::ranges::find_if(exec.calls, [&](std::uint64_t number) { return number > exec.call; });
    exec.call = asking == exec.calls.end() ? 0 : *asking;
    exec.rpc = entry.number;
    exec.runs = exec.absorb = false;
    exec.exit = 0;
  } else if (!call && entry.kind == EntryKind::kRpcEnd && entry.number == exec.rpc) {
    exec.runs = !Failed(entry) || OutcomeUnknown(entry);
  }
  return 0;
}

std::uint64_t ExecAttempts::CallEnd(const Entry& entry) {
  Exec& exec = execs_[PairKey(entry.id, entry.process)];
  std::erase(exec.calls, entry.number);
  // Other calls of that name were refused without an RPC.
  if (entry.number != exec.call || !Failed(entry) || !exec.runs) return 0;
  exec.absorb = exec.exit == 0;
  return exec.exit;
}

bool ExecAttempts::Absorbs(const Entry& exit) {
  const auto exec = execs_.find(PairKey(exit.id, exit.process));
  if (exec == execs_.end()) return false;
  exec->second.exit = exit.seq;
  return std::exchange(exec->second.absorb, false);
}

}  // namespace scenarios
