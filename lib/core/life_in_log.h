// What the stored log tells of one container's present life: the one that runs, or the one that has
// just ended.
//
// A life stands in the log between two exits of init. Some events of a life may come after its exit
// (the exits of its execs, an oom), and some before its start-container (those of execs added while
// its create was under way).
//
// Threads: none; plain functions of their arguments.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "containerd_v0.pb.h"
#include "libcontainerd/runtime.h"

namespace libcontainerd {

struct LifeInLog {
  // Anything of this life stands there.
  bool known = false;
  // Its init's exit, of a life that has ended.
  std::optional<std::uint32_t> exit_status;
  bool oom = false;
  bool paused = false;  // the last pause or resume was a pause
  // Execs that were started and whose exit is not there, in the order of their starts.
  std::vector<std::string> execs;
  std::vector<types::Event> exec_exits;
  std::vector<types::Event> ooms;
  // The exit of the life before; events up to there are none of this life's. Not given when the
  // clock was set back meanwhile, so that times tell nothing.
  std::optional<WallTime> began_after;
};

// `log` holds one container's events in their order.
LifeInLog LifeOfRunning(const std::vector<types::Event>& log);
// The last life that the log knows: `exit_status` is absent if that life's exit is not there (yet).
LifeInLog LifeOfGone(const std::vector<types::Event>& log);

// The stored log and events that came on their own, each event once: those that the log has lost
// already stand before it, those that it does not have (yet) before what happened later there, if
// the log goes on like that to its end.
std::vector<types::Event> MergeEvents(std::vector<types::Event> log,
                                      const std::vector<types::Event>& others);

}  // namespace libcontainerd
