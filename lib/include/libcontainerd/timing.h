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
  // A failed create or add-process cleans up before it returns, but does not wait for a file system
  // that hangs: not beyond its deadline or, later than that, for longer than this.
  Duration cleaning_grace = std::chrono::seconds(1);
  // Pause and Resume: how long the event may take once the reply is there.
  Duration state_event_deadline = std::chrono::seconds(10);

  // After init's exit, how long an exec's own exit status is waited for before 137 is reported for
  // it.
  Duration exec_exit_grace = std::chrono::milliseconds(50);

  // Opening the event stream again: the first pause, doubled each time up to the longest, each
  // shortened by up to a quarter so that clients do not come in step.
  Duration reconnect_first = std::chrono::milliseconds(100);
  Duration reconnect_longest = std::chrono::seconds(5);

  // Reconcile: after every subscription, and at this interval while anything is tracked, the stored
  // log is read again from the resume position less the overlap. A container that the daemon does
  // not know is given up when no exit came for so long.
  Duration reconcile_interval = std::chrono::seconds(10);
  Duration reconcile_overlap = std::chrono::seconds(5);
  Duration gone_grace = std::chrono::seconds(2);
  // Reading the stored log, whole.
  Duration stored_log_deadline = std::chrono::seconds(30);

  // The cursor is written at most once in so long, and once more at the end.
  Duration cursor_interval = std::chrono::milliseconds(100);

  // Restore of a container that is gone: how long its exit may be missing from a log that knows
  // the container, from one that does not, and how often the log is read meanwhile.
  Duration restore_exit_wait = std::chrono::seconds(10);
  Duration restore_unknown_wait = std::chrono::milliseconds(500);
  Duration restore_poll = std::chrono::milliseconds(100);
  // How long a restore waits for the file system, which is taken from its other waits.
  Duration restore_disk_wait = std::chrono::seconds(5);
  // Restore of one that runs, without live-restore: from SIGTERM to SIGKILL, and from there to
  // giving up.
  Duration restore_term_wait = std::chrono::seconds(10);
  Duration restore_kill_wait = std::chrono::seconds(2);

  // Health watch of a daemon: the pause between checks, each check's deadline, and how many
  // failures in a row count as death.
  Duration health_interval = std::chrono::milliseconds(500);
  Duration health_deadline = std::chrono::seconds(3);
  int health_failures = 3;
  // From a start of the owned daemon until its first success failures do not count, for so long at
  // most, unless its process ended: one that finds many containers again answers late.
  Duration daemon_start_grace = std::chrono::seconds(30);
  // How long the start of a remote waits for its daemon to answer, and how often it asks.
  Duration daemon_ready_deadline = std::chrono::seconds(30);
  Duration daemon_ready_poll = std::chrono::milliseconds(50);
  // Between two starts of a daemon that keeps ending: the first pause, doubled up to the longest.
  Duration daemon_restart_first = std::chrono::milliseconds(100);
  Duration daemon_restart_longest = std::chrono::seconds(30);
  // Cleanup: from SIGTERM to SIGKILL, and from there to giving up.
  Duration daemon_term_wait = std::chrono::seconds(15);
};

}  // namespace libcontainerd
