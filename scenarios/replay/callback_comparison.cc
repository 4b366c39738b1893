#include "scenarios/replay/callback_comparison.h"

#include <algorithm>

#include "libcontainerd/reference_behaviour.h"

namespace scenarios {

using libcontainerd::Deviation;
using libcontainerd::DeviationName;

namespace {

constexpr std::size_t kNone = static_cast<std::size_t>(-1);
constexpr std::uint32_t kKilledStatus = 137;

// Pairs recorded callbacks with ours: equal ones first, then those of one state and process that
// differ in a value.
std::vector<std::size_t> Pair(const std::vector<Callback>& recorded,
                              const std::vector<Callback>& ours) {
  std::vector<std::size_t> partner(recorded.size(), kNone);
  std::vector<bool> taken(ours.size(), false);
  const auto pair_where = [&](auto same) {
    for (std::size_t r = 0; r < recorded.size(); ++r) {
      if (partner[r] != kNone) continue;
      for (std::size_t o = 0; o < ours.size(); ++o) {
        if (taken[o] || !same(recorded[r], ours[o])) continue;
        partner[r] = o;
        taken[o] = true;
        break;
      }
    }
  };
  pair_where([](const Callback& a, const Callback& b) { return a == b; });
  pair_where([](const Callback& a, const Callback& b) {
    return a.state == b.state && a.process == b.process;
  });
  return partner;
}

// The exec's own exit came after init's, or never: the reference does not report it, ours brings it
// forward.
bool ExitsAfterInit(const ContainerFacts& facts, const std::string& process) {
  if (!facts.init_exit) return false;
  const auto exits = facts.exec_exits.find(process);
  if (exits == facts.exec_exits.end()) return true;
  return std::any_of(exits->second.begin(), exits->second.end(),
                     [&](std::size_t step) { return step > *facts.init_exit; });
}

bool EventBeforeCreateReply(const ContainerFacts& facts) {
  return facts.created && std::any_of(facts.events.begin(), facts.events.end(),
                                      [&](std::size_t step) { return step < *facts.created; });
}

std::string_view ExplainValues(const Callback& recorded, const Callback& ours,
                               const ContainerFacts& facts) {
  Callback without_flag = recorded;
  without_flag.oom = false;
  const bool is_exec = recorded.state == "exit-process";
  if (is_exec && recorded.oom && ours == without_flag)
    return DeviationName(Deviation::kExecOomFlagClear);
  if (is_exec && ours.code == kKilledStatus && ExitsAfterInit(facts, ours.process)) {
    return DeviationName(Deviation::kExecExitsBeforeExit);
  }
  // The reference invents a code, or takes an exec's.
  if (recorded.state == "exit" && facts.restored_gone && recorded.oom == ours.oom) {
    return DeviationName(Deviation::kRestoreExitCodeTrue);
  }
  return {};
}

std::string_view ExplainMissing(const Callback& recorded, const ContainerFacts& facts) {
  if (recorded.state == "exit-process") {
    if (facts.attaches_failed.contains(recorded.process))
      return DeviationName(Deviation::kFailedAttachKillsExec);
    if (facts.execs_refused.contains(recorded.process))
      return DeviationName(Deviation::kExecNameBusy);
  }
  if (facts.start_failed) return DeviationName(Deviation::kFailedStartKills);
  if (facts.create_failed && !facts.created) return DeviationName(Deviation::kStartCalledBackFirst);
  if (facts.repeated_event) return DeviationName(Deviation::kDuplicateEventsDropped);
  return {};
}

std::string_view ExplainExtra(const Callback& ours, const ContainerFacts& facts) {
  if (ours.state == "exit-process" && ExitsAfterInit(facts, ours.process)) {
    return DeviationName(Deviation::kExecExitsBeforeExit);
  }
  return {};
}

// `first` and `second` are recorded in this order, and called back by ours in the other.
std::string_view ExplainOrder(const Callback& first, const Callback& second,
                              const ContainerFacts& facts) {
  if (second.state == "start-container" && EventBeforeCreateReply(facts)) {
    return DeviationName(Deviation::kStartCalledBackFirst);
  }
  if (first.state == "exit" && second.state == "exit-process" &&
      ExitsAfterInit(facts, second.process)) {
    return DeviationName(Deviation::kExecExitsBeforeExit);
  }
  return {};
}

}  // namespace

std::string ToText(const Callback& callback) {
  std::string text = callback.state;
  if (!callback.process.empty()) text += " " + callback.process;
  if (callback.state == "exit" || callback.state == "exit-process")
    text += " " + std::to_string(callback.code);
  if (callback.pid != 0) text += " pid " + std::to_string(callback.pid);
  if (callback.oom) text += ", OOM-killed";
  return text;
}

void CompareCallbacks(const std::string& id, const std::vector<Callback>& recorded,
                      const std::vector<Callback>& ours, const ContainerFacts& facts,
                      std::vector<Difference>& differences) {
  const std::vector<std::size_t> partner = Pair(recorded, ours);
  std::vector<bool> paired(ours.size(), false);
  for (std::size_t r = 0; r < recorded.size(); ++r) {
    if (partner[r] == kNone) {
      differences.push_back(
          {"container " + id + ": recorded " + ToText(recorded[r]) + ", ours has none",
           ExplainMissing(recorded[r], facts)});
      continue;
    }
    const Callback& mine = ours[partner[r]];
    paired[partner[r]] = true;
    if (mine == recorded[r]) continue;
    differences.push_back(
        {"container " + id + ": recorded " + ToText(recorded[r]) + ", ours " + ToText(mine),
         ExplainValues(recorded[r], mine, facts)});
  }
  for (std::size_t o = 0; o < ours.size(); ++o) {
    if (paired[o]) continue;
    differences.push_back(
        {"container " + id + ": ours has " + ToText(ours[o]) + ", the recording does not",
         ExplainExtra(ours[o], facts)});
  }
  for (std::size_t a = 0; a < recorded.size(); ++a) {
    for (std::size_t b = a + 1; b < recorded.size(); ++b) {
      const bool both = partner[a] != kNone && partner[b] != kNone;
      if (!both || partner[a] < partner[b]) continue;
      differences.push_back({"container " + id + ": recorded " + ToText(recorded[a]) + " before " +
                                 ToText(recorded[b]) + ", ours after it",
                             ExplainOrder(recorded[a], recorded[b], facts)});
    }
  }
}

}  // namespace scenarios
