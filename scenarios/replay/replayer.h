// Replayer: runs a recording through the real client and a daemon that plays the recorded one, in
// lock-step: the next step begins when everything that follows from the one before has come to
// rest, so that no verdict depends on how threads happen to run.
//
// Threads: blocks the calling thread, which must not be an executor's.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "libcontainerd/reference_behaviour.h"
#include "scenarios/guarantees/guarantee.h"
#include "scenarios/journal.h"
#include "scenarios/replay/replay_world.h"
#include "scenarios/replay_plan.h"

namespace scenarios {

struct ReplayOptions {
  Transport transport = Transport::kSocket;
  std::uint64_t seed = 0;
  // Recorded seconds per second; 0: as fast as it goes.
  double speed = 0;
  libcontainerd::ReferenceBehaviour reference;  // tests only
};

// What one planned call returned.
struct CallOutcome {
  bool began = false;
  bool ended = false;
  std::optional<libcontainerd::Error> error;
};

// Everything that a comparison needs to know about a finished run; the rest is in the journal.
struct ReplayRun {
  std::unique_ptr<Journal> journal = std::make_unique<Journal>();
  std::vector<CallOutcome> calls;  // by index of ReplayPlan::calls
  std::vector<std::size_t>
      missing_rpcs;  // planned, but our client did not send them: recording.rpcs
  std::vector<std::string> unrecorded_rpcs;  // only our client sent them: "Signal c1/ea"
  std::vector<std::string> request_differences;
  struct Stream {
    bool attached = false;
    bool ended = false;
    std::uint64_t total = 0;
    std::string sha256;
  };
  std::vector<std::array<Stream, 2>>
      streams;  // by index of ReplayPlan::attachments; stdout, stderr
  std::vector<std::string> stdin_differences;
  std::vector<std::string> stuck;  // what did not happen within the bound
  std::map<std::string, std::string> placeholders;
};

// The values that a recording's placeholders have in a world in that directory.
std::map<std::string, std::string> PlaceholderValues(const std::string& directory);

// Runs `plan`, which was made from `recording`. Errors are about the world (no temporary directory,
// …), never about what the client did.
libcontainerd::Result<ReplayRun> RunReplay(const Recording& recording, const ReplayPlan& plan,
                                           const ReplayOptions& options);

}  // namespace scenarios
