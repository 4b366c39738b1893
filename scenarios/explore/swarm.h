// Swarm: what one random run is made of, drawn before anything else is: how many containers, which
// actions and faults there are at all, and how often each comes. A run with few kinds of action
// goes deep where a run with all of them stays shallow (Groce and others, "Swarm Testing", 2012).
//
// Threads: values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "fake_containerd/fault_plan.h"
#include "libcontainerd/random.h"

namespace scenarios {

// A kind of random action. What each does: action_drawer.h.
enum class ActionKind : std::uint8_t {
  kCreate,
  kAddProcess,
  kSignal,
  kResize,
  kPause,
  kResume,
  kLook,  // stats, pids, summary, version
  kUpdate,
  kCheckpoint,
  kRestore,
  kRestartEngine,
  kClose,
  kStdin,
  kStdinAtAttach,
  kEngineFails,
  kReplaceCursor,
  kBehave,
  kExit,
  kKill,
  kOom,
  kKillShim,
  kWrite,
  kEmit,
  kChoices,
  kHold,
  kRelease,
  kFaults,
  kRestartDaemon,
  kHangDaemon,
  kAdvance,
  kSteps,
  kSettle,
  kParallel,
  kLater,
};

struct ActionKindInfo {
  ActionKind kind = ActionKind::kCreate;
  std::string_view name{};   // "add-process", "restart-engine"
  std::string_view theme{};  // "lifecycle", "exec", "oom", … as the tags of the library
  std::uint32_t weight = 0;  // among all kinds, when it exists
  bool always = false;       // no run does without it
};
// All of them, in the order of the enum.
std::span<const ActionKindInfo> ActionKinds();
// How many have a name or a theme that the pattern (with * and ?) fits.
std::size_t KindsThatFit(const std::string& pattern);

struct Swarm {
  std::uint32_t containers = 1;          // "w1", "w2", …
  std::uint32_t execs = 1;               // "e1", … of each
  std::uint32_t actions = 20;            // how many are drawn; a drawn one may come to several
  std::vector<std::uint32_t> weights{};  // by ActionKind; 0: there is none
  std::vector<std::string> points{};     // where faults and holds may be
  bool from_the_start = false;           // a plan of faults holds from the first moment on
  std::string daemon = "external";       // as in Setup

  // One line: everything that was drawn.
  std::string text() const;
};

// What the caller wants and does not want, by patterns (* and ?) of names and themes. A kind that
// is wanted is in every run, and comes more often.
struct SwarmWishes {
  std::vector<std::string> focus{};
  std::vector<std::string> skip{};
};

Swarm DrawSwarm(libcontainerd::Random& random, const SwarmWishes& wishes);

// What a random plan leaves out. A fault after which only a restart of the daemon helps: nothing
// would come to rest.
bool ComesToRest(std::string_view point, fake_containerd::FaultAction action);
// A plan that holds from the first moment may not have these: a daemon that the client does not
// even find shows nothing.
bool HidesDaemon(std::string_view plan);

}  // namespace scenarios
