#include "scenarios/guarantees/exec_attempts.h"

#include <utility>

#include "scenarios/guarantees/judging.h"

namespace scenarios {

std::uint64_t ExecAttempts::Visit(const Entry& entry) {
  const std::uint64_t call = calls_.Visit(entry);
  const bool ended = entry.kind == EntryKind::kCallEnd && entry.what == words_.add_process;
  if (ended) return CallEnd(entry);
  if (entry.what != words_.add_process_rpc) return 0;

  Exec& exec = execs_[PairKey(entry.id, entry.process)];
  if (entry.kind == EntryKind::kRpcBegin) {
    exec = {.call = call, .rpc = entry.number};
  } else if (entry.kind == EntryKind::kRpcEnd && entry.number == exec.rpc) {
    exec.runs = !Failed(entry) || OutcomeUnknown(entry);
  }
  return 0;
}

std::uint64_t ExecAttempts::CallEnd(const Entry& entry) {
  Exec& exec = execs_[PairKey(entry.id, entry.process)];
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
