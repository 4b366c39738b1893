// The callbacks' part of a comparison: one container's sequence, recorded and ours.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "scenarios/replay/comparison.h"

namespace scenarios {

// A callback, from the recording or from the journal.
struct Callback {
  std::string state;
  std::string process;
  std::uint32_t code = 0;
  std::uint32_t pid = 0;
  bool oom = false;

  friend bool operator==(const Callback&, const Callback&) = default;
};
std::string ToText(const Callback& callback);  // "exit-process e1 137, OOM-killed"

// What stands on the wire about one container and what was inferred of its calls: all that a
// deviation's rule may look at.
struct ContainerFacts {
  std::optional<std::size_t> init_exit;                        // step of the last init exit
  std::map<std::string, std::vector<std::size_t>> exec_exits;  // steps, by process
  std::optional<std::size_t> created;  // step of the last successful create's reply
  std::vector<std::size_t> events;     // steps of all its events
  std::map<std::string, int>
      execs_refused;  // add-process calls that our client refused because the name was busy
  std::map<std::string, int> attaches_failed;
  bool start_failed = false;
  bool restored_gone = false;   // a restore found it gone
  bool restored_dying = false;  // a restore without live-restore found it running
  bool create_failed = false;
  bool repeated_event = false;
};

void CompareCallbacks(const std::string& id, const std::vector<Callback>& recorded,
                      const std::vector<Callback>& ours, const ContainerFacts& facts,
                      std::vector<Difference>& differences);

}  // namespace scenarios
