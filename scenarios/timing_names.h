// The durations of libcontainerd::Timing by their names, as scenario files and reports say them.
#pragma once

#include <array>
#include <string_view>

#include "libcontainerd/timing.h"

namespace scenarios {

struct TimingName {
  std::string_view name;
  libcontainerd::Duration libcontainerd::Timing::*member;
};

// All of them, in the order of timing.h; health_failures is a number, and not among them.
inline constexpr std::array kTimingNames = {
    TimingName{"create_deadline", &libcontainerd::Timing::create_deadline},
    TimingName{"add_process_deadline", &libcontainerd::Timing::add_process_deadline},
    TimingName{"call_deadline", &libcontainerd::Timing::call_deadline},
    TimingName{"cleaning_grace", &libcontainerd::Timing::cleaning_grace},
    TimingName{"state_event_deadline", &libcontainerd::Timing::state_event_deadline},
    TimingName{"exec_exit_grace", &libcontainerd::Timing::exec_exit_grace},
    TimingName{"reconnect_first", &libcontainerd::Timing::reconnect_first},
    TimingName{"reconnect_longest", &libcontainerd::Timing::reconnect_longest},
    TimingName{"reconcile_interval", &libcontainerd::Timing::reconcile_interval},
    TimingName{"reconcile_overlap", &libcontainerd::Timing::reconcile_overlap},
    TimingName{"gone_grace", &libcontainerd::Timing::gone_grace},
    TimingName{"stored_log_deadline", &libcontainerd::Timing::stored_log_deadline},
    TimingName{"cursor_interval", &libcontainerd::Timing::cursor_interval},
    TimingName{"restore_exit_wait", &libcontainerd::Timing::restore_exit_wait},
    TimingName{"restore_unknown_wait", &libcontainerd::Timing::restore_unknown_wait},
    TimingName{"restore_poll", &libcontainerd::Timing::restore_poll},
    TimingName{"restore_disk_wait", &libcontainerd::Timing::restore_disk_wait},
    TimingName{"restore_term_wait", &libcontainerd::Timing::restore_term_wait},
    TimingName{"restore_kill_wait", &libcontainerd::Timing::restore_kill_wait},
    TimingName{"health_interval", &libcontainerd::Timing::health_interval},
    TimingName{"health_deadline", &libcontainerd::Timing::health_deadline},
    TimingName{"daemon_start_grace", &libcontainerd::Timing::daemon_start_grace},
    TimingName{"daemon_ready_deadline", &libcontainerd::Timing::daemon_ready_deadline},
    TimingName{"daemon_ready_poll", &libcontainerd::Timing::daemon_ready_poll},
    TimingName{"daemon_restart_first", &libcontainerd::Timing::daemon_restart_first},
    TimingName{"daemon_restart_longest", &libcontainerd::Timing::daemon_restart_longest},
    TimingName{"daemon_term_wait", &libcontainerd::Timing::daemon_term_wait},
};
// A duration that is added to Timing is added here, too.
static_assert(sizeof(libcontainerd::Timing) ==
              kTimingNames.size() * sizeof(libcontainerd::Duration) + 8);

}  // namespace scenarios
