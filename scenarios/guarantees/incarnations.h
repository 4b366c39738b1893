// Incarnations: of which life a container of the daemon is. Many may have borne one id; the pid of
// their init, which each of their events carries on its way out of the daemon, tells them apart, so
// that a start-container which comes late, or an exit which overtakes it, finds its own life.
//
// A part of the cut into lives. Events out of nothing, and those of a daemon that is not ours,
// carry no pid: nothing is known of them here.
#pragma once

#include <cstdint>
#include <unordered_map>

#include "scenarios/guarantees/lives.h"

namespace scenarios {

class Incarnations {
 public:
  // Of the container of an emitted event. A fault may have given the event another id.
  static std::uint64_t Key(const Entry& emitted) {
    return std::uint64_t{emitted.pid} << 32 | static_cast<std::uint32_t>(emitted.id);
  }
  // The life whose events carry that pid. kNoLife: this is the first of them.
  LifeIndex Of(const Entry& emitted) const {
    const auto life = lives_.find(Key(emitted));
    return life == lives_.end() ? kNoLife : life->second;
  }
  // `life` was another container's.
  bool IsAnothers(LifeIndex life, const Entry& emitted) const {
    const auto pid = pids_.find(life);
    return emitted.pid != 0 && pid != pids_.end() && pid->second != emitted.pid;
  }
  // `life` continues no other.
  void Note(const Entry& emitted, LifeIndex life) {
    if (emitted.pid == 0 || life == kNoLife) return;
    if (lives_.try_emplace(Key(emitted), life).second) pids_.try_emplace(life, emitted.pid);
  }

 private:
  std::unordered_map<std::uint64_t, LifeIndex> lives_;
  std::unordered_map<LifeIndex, std::uint32_t> pids_;
};

}  // namespace scenarios
