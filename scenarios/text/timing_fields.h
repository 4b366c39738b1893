// The durations of libcontainerd::Timing by their names, for scenario files and for whoever applies
// them.
//
// Threads: any.
#pragma once

#include <array>
#include <string_view>

#include "libcontainerd/timing.h"

namespace scenarios {

struct TimingField {
  std::string_view name;
  libcontainerd::Duration libcontainerd::Timing::*member;
};

// In the order of timing.h. `health_failures` is no duration and has a field of its own in Setup.
inline constexpr std::array<TimingField, 27> kTimingFields{{
    {"create_deadline", &libcontainerd::Timing::create_deadline},
    {"add_process_deadline", &libcontainerd::Timing::add_process_deadline},
    {"call_deadline", &libcontainerd::Timing::call_deadline},
    {"cleaning_grace", &libcontainerd::Timing::cleaning_grace},
    {"state_event_deadline", &libcontainerd::Timing::state_event_deadline},
    {"exec_exit_grace", &libcontainerd::Timing::exec_exit_grace},
    {"reconnect_first", &libcontainerd::Timing::reconnect_first},
    {"reconnect_longest", &libcontainerd::Timing::reconnect_longest},
    {"reconcile_interval", &libcontainerd::Timing::reconcile_interval},
    {"reconcile_overlap", &libcontainerd::Timing::reconcile_overlap},
    {"gone_grace", &libcontainerd::Timing::gone_grace},
    {"stored_log_deadline", &libcontainerd::Timing::stored_log_deadline},
    {"cursor_interval", &libcontainerd::Timing::cursor_interval},
    {"restore_exit_wait", &libcontainerd::Timing::restore_exit_wait},
    {"restore_unknown_wait", &libcontainerd::Timing::restore_unknown_wait},
    {"restore_poll", &libcontainerd::Timing::restore_poll},
    {"restore_disk_wait", &libcontainerd::Timing::restore_disk_wait},
    {"restore_term_wait", &libcontainerd::Timing::restore_term_wait},
    {"restore_kill_wait", &libcontainerd::Timing::restore_kill_wait},
    {"health_interval", &libcontainerd::Timing::health_interval},
    {"health_deadline", &libcontainerd::Timing::health_deadline},
    {"daemon_start_grace", &libcontainerd::Timing::daemon_start_grace},
    {"daemon_ready_deadline", &libcontainerd::Timing::daemon_ready_deadline},
    {"daemon_ready_poll", &libcontainerd::Timing::daemon_ready_poll},
    {"daemon_restart_first", &libcontainerd::Timing::daemon_restart_first},
    {"daemon_restart_longest", &libcontainerd::Timing::daemon_restart_longest},
    {"daemon_term_wait", &libcontainerd::Timing::daemon_term_wait},
}};

}  // namespace scenarios
