// Every duration that the client waits for or repeats at, in one place. Defaults are the documented
// behaviour; tests and simulations change them here and nowhere else.
#pragma once

#include "libcontainerd/runtime.h"

namespace libcontainerd {

struct Timing {
  // Deadlines of operations, measured from the call. The daemon's own start time-out is 120 s.
  Duration create_deadline = std::chrono::seconds(150);
  Duration add_process_deadline = std::chrono::seconds(150);
  Duration call_deadline = std::chrono::seconds(30);
  // Pause and Resume: how long the event may take once the reply is there.
  Duration state_event_deadline = std::chrono::seconds(10);

  // After init's exit, how long an exec's own exit status is waited for before 137 is reported for
  // it.
  Duration exec_exit_grace = std::chrono::milliseconds(50);

  // Opening the event stream again: the first pause, doubled each time up to the longest.
  Duration reconnect_first = std::chrono::milliseconds(100);
  Duration reconnect_longest = std::chrono::seconds(5);

  // Health watch of a daemon.
  Duration health_interval = std::chrono::milliseconds(500);
  Duration health_deadline = std::chrono::seconds(3);
};

}  // namespace libcontainerd
