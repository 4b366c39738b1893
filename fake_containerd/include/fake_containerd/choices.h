// Choices: where the real daemon's order is a matter of luck, what the fake does. Defaults are what
// it mostly does.
//
// A simulated runtime still draws between steps that are ready together; `gap` makes an order
// certain.
#pragma once

#include <cstdint>
#include <optional>

#include "fake_containerd/model.h"

namespace fake_containerd {

// kDrawn: at every occasion anew, by Choices::seed.
enum class Order : std::uint8_t { kEventFirst, kReplyFirst, kDrawn };

struct Choices {
  Order start_container = Order::kReplyFirst;
  Order start_process = Order::kEventFirst;
  Order pause = Order::kEventFirst;
  Order resume = Order::kEventFirst;
  // Between the first and the second of a reply and its event. 0: released one right after the
  // other.
  Duration gap{0};

  // An exec that dies with its init reports its own exit whenever its streams are closed (kFree),
  // or is held back to one side of init's.
  enum class ExecExits : std::uint8_t { kFree, kBeforeInit, kAfterInit, kDrawn };
  ExecExits exec_exits = ExecExits::kFree;
  // The status that a held-back exec reports instead of its own: 255 for one whose exit file is
  // gone.
  std::optional<std::uint32_t> late_exec_status{};

  // An OOM kill of a whole process: its `oom` and its `exit` take separate ways.
  enum class OomOrder : std::uint8_t { kFree, kBeforeExit, kAfterExit, kDrawn };
  OomOrder oom = OomOrder::kFree;

  // From a process's death to the daemon hearing of it: the time of "no such process".
  Duration exit_notice_delay{0};
  // How long the main loop stands still at an init's exit, beside waiting for the streams.
  Duration shim_wait{0};
  // From the reply of a failed create to the end of its container: the time of "file exists".
  Duration failed_create_delete_delay{0};
  // Let a failed create be followed by an exit event with this status.
  std::optional<std::uint32_t> failed_create_exit{};
  // How long the event log lags behind its queue: the time of events in neither replay nor live
  // stream.
  Duration log_delay{0};
  // What State says of a container whose init is dead and not yet removed: an internal error, or
  // "stopped".
  bool state_fails_for_dead_init = true;
  // The checkpoint tool is installed.
  bool checkpoint_tool = false;
  // A fault: whoever asks for a replay of more events than a subscriber's queue holds gets nothing,
  // nobody is told of any event any more, and at the next one the main loop stops for ever. Only a
  // restart helps.
  bool replay_deadlocks = false;

  // Of whatever is drawn. FakeContainerd puts its own seed where this is 0.
  std::uint64_t seed = 0;
  // Luck in every race: all orders drawn at each occasion, and the lengths of the windows (from
  // death to notice, from removal to exit event, from event to log, from a failed create's reply to
  // its end) drawn once, mostly none. The same for the same seed. No faults.
  static Choices Drawn(std::uint64_t seed);
};

}  // namespace fake_containerd
