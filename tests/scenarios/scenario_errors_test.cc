// Scenario files: the full text of whatever can be wrong with them.
#include <gtest/gtest.h>

#include "tests/scenarios/scenario_text_checks.h"

namespace scenarios {
namespace {

std::string ErrorOf(const std::string& text, const ParseOptions& options = {}) {
  const auto scenario = ParseScenario(text, "s.json", options);
  if (scenario) return "";
  EXPECT_EQ(scenario.error().code, libcontainerd::ErrorCode::kInvalidArgument);
  return scenario.error().message;
}

// Of a scenario with these actions, which begin at its second line.
std::string ActionError(const std::string& actions) {
  return ErrorOf("{\"actions\": [\n" + actions + "]}");
}

TEST(ScenarioErrors, NoText) {
  EXPECT_EQ(ErrorOf(std::string("{}\0{", 4)), "s.json:1:3: a NUL byte, expected a text");
  EXPECT_EQ(
      ErrorOf("{\"actions\": [],\n \"intent\": \"\xff\"}"),
      "s.json:2:12: syntax error while parsing value - invalid string: ill-formed UTF-8 byte");
}

TEST(ScenarioErrors, Mutants) {
  const std::string text = R"({"actions": [], "setup": {"mutants": ["double-exitt"]}})";
  EXPECT_EQ(ErrorOf(text), "");
  EXPECT_EQ(ErrorOf(text, {.mutants = {{"double-exit", "skip-cleanup"}}}),
            "s.json:1:39: setup.mutants[0] is \"double-exitt\", expected one of double-exit, "
            "skip-cleanup; did you mean \"double-exit\"?");
}

TEST(ScenarioErrors, OneAction) {
  const auto several = ParseAction(R"({"repeat": 1, "actions": [{"do": "settle"}]})");
  ASSERT_FALSE(several);
  EXPECT_EQ(several.error().message,
            "action:1:1: the action is a group that expands to several actions, expected one "
            "action");
  const auto unknown = ParseAction(R"({"do": "setle"})");
  ASSERT_FALSE(unknown);
  EXPECT_TRUE(unknown.error().message.starts_with("action:1:8: do is \"setle\", expected one of"));
}

TEST(ScenarioErrors, NoJson) {
  EXPECT_EQ(ErrorOf(""),
            "s.json:1:1: syntax error while parsing value - unexpected end of input; expected '[', "
            "'{', or a literal");
  EXPECT_EQ(ErrorOf(R"({"actions": [})"),
            "s.json:1:14: syntax error while parsing value - unexpected '}'; expected '[', '{', or "
            "a literal");
  EXPECT_EQ(ErrorOf(R"({"actions": [],})"),
            "s.json:1:16: syntax error while parsing object key - unexpected '}'; expected string "
            "literal");
  EXPECT_EQ(ErrorOf(R"({
  "actions": nul})"),
            "s.json:2:14: syntax error while parsing value - invalid literal");
  EXPECT_EQ(
      ErrorOf(R"({"intent": "a
b"})"),
      R"(s.json:1:12: syntax error while parsing value - invalid string: control character U+000A (LF) must be escaped to \u000A or \n)");
  EXPECT_EQ(ErrorOf(R"({"intent": "\xff"})"),
            "s.json:1:12: syntax error while parsing value - invalid string: forbidden character "
            "after backslash");
  EXPECT_EQ(
      ErrorOf(R"({"intent": 1 2})"),
      "s.json:1:14: syntax error while parsing object - unexpected number literal; expected '}'");
  EXPECT_EQ(ErrorOf("{} {}"),
            "s.json:1:4: syntax error while parsing value - unexpected '{'; expected end of input");
  EXPECT_EQ(ErrorOf(R"({"actions": [] /* open)"),
            "s.json:1:23: syntax error while parsing object - invalid comment; missing closing "
            "'*/'; expected '}'");
  EXPECT_EQ(ErrorOf(R"({"äö": 1, ?})"),
            "s.json:1:11: syntax error while parsing object key - invalid literal; expected string "
            "literal");
  EXPECT_EQ(ErrorOf("[]"), "s.json:1:1: the scenario is no object");
  EXPECT_EQ(ErrorOf(R"({"actions": [], "actions": []})"),
            R"(s.json:1:17: "actions" stands there twice)");
}

TEST(ScenarioErrors, Parts) {
  EXPECT_EQ(ErrorOf(R"({"intent": "x"})"), R"(s.json:1:1: the scenario lacks "actions")");
  EXPECT_EQ(
      ErrorOf(R"({"actions": [],
 "guarantee": {}})"),
      R"(s.json:2:2: guarantee is unknown, expected one of $schema, intent, tags, variables, setup, actions, guarantees, failure; did you mean "guarantees"?)");
  EXPECT_EQ(ErrorOf(R"({"actions": {}})"), "s.json:1:13: actions is no array");
  EXPECT_EQ(ErrorOf(R"({"actions": [], "intent": 3})"), "s.json:1:27: intent is no string");
  EXPECT_EQ(ErrorOf(R"({"actions": [], "tags": "x"})"), "s.json:1:25: tags is no array");
  EXPECT_EQ(ErrorOf(R"({"actions": [], "tags": [[]]})"), "s.json:1:26: tags[0] is no string");
  EXPECT_EQ(ErrorOf(R"({"actions": [], "$schema": 1})"), "s.json:1:28: $schema is no string");
  EXPECT_EQ(ErrorOf(R"({"actions": [], "variables": []})"), "s.json:1:30: variables is no object");
  EXPECT_EQ(ErrorOf(R"({"actions": [], "variables": {"a-b": 1}})"),
            "s.json:1:31: variables.a-b is no name of a variable: letters, digits and _");
}

TEST(ScenarioErrors, Setup) {
  EXPECT_EQ(ErrorOf(R"({"actions": [], "setup": []})"), "s.json:1:26: setup is no object");
  EXPECT_EQ(
      ErrorOf(R"({"actions": [], "setup": {"timings": {}}})"),
      R"(s.json:1:27: setup.timings is unknown, expected one of timing, health_failures, choices, faults, retain_count, subscriber_queue, start_timeout, late_fields, daemon, transports, deviations_off, mutants, seed, tolerant; did you mean "timing"?)");
  EXPECT_EQ(
      ErrorOf(R"({"actions": [], "setup": {"timing": {"call_deadlin": "1s"}}})"),
      R"(s.json:1:38: setup.timing.call_deadlin is unknown, expected one of create_deadline, add_process_deadline, call_deadline, cleaning_grace, state_event_deadline, exec_exit_grace, reconnect_first, reconnect_longest, reconcile_interval, reconcile_overlap, gone_grace, stored_log_deadline, cursor_interval, restore_exit_wait, restore_unknown_wait, restore_poll, restore_disk_wait, restore_term_wait, restore_kill_wait, health_interval, health_deadline, daemon_start_grace, daemon_ready_deadline, daemon_ready_poll, daemon_restart_first, daemon_restart_longest, daemon_term_wait; did you mean "call_deadline"?)");
  EXPECT_EQ(ErrorOf(R"({"actions": [], "setup": {"timing": {"call_deadline": 3}}})"),
            "s.json:1:55: setup.timing.call_deadline is no string");
  EXPECT_EQ(
      ErrorOf(R"({"actions": [], "setup": {"timing": {"call_deadline": "-1s"}}})"),
      R"(s.json:1:55: setup.timing.call_deadline is "-1s", expected a duration (as 1.5s, 2m))");
  EXPECT_EQ(ErrorOf(R"({"actions": [], "setup": {"health_failures": 0}})"),
            "s.json:1:46: setup.health_failures is no whole number from 1 to 4294967295");
  EXPECT_EQ(ErrorOf(R"({"actions": [], "setup": {"retain_count": 1.5}})"),
            "s.json:1:43: setup.retain_count is no whole number");
  EXPECT_EQ(ErrorOf(R"({"actions": [], "setup": {"subscriber_queue": 4294967296}})"),
            "s.json:1:47: setup.subscriber_queue is no whole number from 0 to 4294967295");
  EXPECT_EQ(ErrorOf(R"({"actions": [], "setup": {"late_fields": 1}})"),
            "s.json:1:42: setup.late_fields is neither true nor false");
  EXPECT_EQ(
      ErrorOf(R"({"actions": [], "setup": {"choices": {"pause": "never"}}})"),
      R"(s.json:1:48: setup.choices.pause is "never", expected one of event-first, reply-first, drawn)");
  EXPECT_EQ(
      ErrorOf(R"({"actions": [], "setup": {"faults": "disk.log=drop"}})"),
      R"(s.json:1:37: setup.faults is no fault plan: faults:1:10: "drop": not possible at disk.log, expected one of off, full, readonly)");
  EXPECT_EQ(
      ErrorOf(R"({"actions": [], "setup": {"daemon": "own"}})"),
      R"(s.json:1:37: setup.daemon is "own", expected one of external, owned, adopted, foreign; did you mean "owned"?)");
  EXPECT_EQ(
      ErrorOf(R"({"actions": [], "setup": {"transports": ["socket", "sockets"]}})"),
      R"(s.json:1:52: setup.transports[1] is "sockets", expected one of loopback, inprocess, socket; did you mean "socket"?)");
  EXPECT_EQ(ErrorOf(R"({"actions": [], "setup": {"transports": ["socket", "socket"]}})"),
            R"(s.json:1:52: setup.transports[1] is "socket", which stands there twice)");
  EXPECT_EQ(
      ErrorOf(R"({"actions": [], "setup": {"deviations_off": ["reconcile"]}})"),
      R"(s.json:1:46: setup.deviations_off[0] is "reconcile", expected one of exec-oom-flag-clear, exec-exits-before-exit, duplicate-events-dropped, stale-events-dropped, start-called-back-first, waiter-registered-first, exit-ends-waiters, close-stdin-after-success, silent-after-exit, failed-exec-removes-fifos, failed-attach-kills-exec, failed-start-kills, unknown-outcome-resolved, exec-name-busy, active-until-called-back, unreadable-spec-is-error, restore-exit-code-true, restore-stopped-is-gone, restore-fails-loudly, restore-tracks-execs, restore-keeps-oom, restore-pause-from-log, restore-resumes-paused, restore-stays-on, restore-waits-for-init, restore-active-is-error, reconciled, resume-position-kept, reconnects-until-close, cursor-monotone, cursor-after-callback, corrupt-cursor-replays, health-failures-consecutive, health-watch-survives, adopted-restarted, adoption-needs-proof; did you mean "reconciled"?)");
}

TEST(ScenarioErrors, Verdicts) {
  EXPECT_EQ(ErrorOf(R"({"actions": [], "guarantees": {"holds": []}})"),
            "s.json:1:32: guarantees.holds is unknown, expected one of held, broken");
  EXPECT_EQ(
      ErrorOf(R"({"actions": [], "guarantees": {"held": ["one-exits"]}})"),
      R"(s.json:1:41: guarantees.held[0] is "one-exits", expected one of callbacks-serial, callbacks-in-order, start-first-exit-last, create-starts-once, attach-before-run, waiter-after-callback, no-cross-blocking, one-exit, no-exit-without-start, true-exit-code, exec-exits-once-before-exit, replay-is-idempotent, nothing-lost-on-reconnect, cursor-monotone, oom-flag-exact, oom-flag-exec-clear, oom-flag-not-inherited, oom-called-back, oom-survives-restore, bundle-gone-on-exit, exec-fifos-gone, failed-create-leaves-nothing, failed-exec-leaves-nothing, running-is-tracked, cursor-never-torn, pause-survives-restore, restore-after-exit, restore-bounded, calls-return, signal-never-waits, callbacks-may-call, daemon-comes-back, stdio-complete, returns-to-baseline, close-stdin-once, silent-after-exit, retry-is-bounded, no-double-create, kill-needs-proof; did you mean "one-exit"?)");
  EXPECT_EQ(
      ErrorOf(
          R"({"actions": [], "guarantees": {"held": ["one-exit"], "broken": ["cursor-monotone", "one-exit"]}})"),
      R"(s.json:1:84: guarantees.broken[1] is "one-exit", which must be held too)");
  EXPECT_EQ(ErrorOf(R"({"actions": [], "guarantees": {"held": ["one-exit", "one-exit"]}})"),
            R"(s.json:1:53: guarantees.held[1] is "one-exit", which stands there twice)");
  EXPECT_EQ(ErrorOf(R"({"actions": [], "failure": {"id": "B01", "what": "w", "reference": "r"}})"),
            R"(s.json:1:28: failure lacks "ours")");
  EXPECT_EQ(
      ErrorOf(
          R"({"actions": [], "failure": {"id": "B66", "what": "w", "reference": "r", "ours": "o"}})"),
      R"(s.json:1:35: failure.id is "B66", expected B01 to B65)");
  EXPECT_EQ(
      ErrorOf(
          R"({"actions": [], "failure": {"id": "B01", "what": "w", "reference": "r", "ours": "o", "breaks": ["expectation"]}})"),
      R"(s.json:1:97: failure.breaks[0] is "expectation", expected one of callbacks-serial, callbacks-in-order, start-first-exit-last, create-starts-once, attach-before-run, waiter-after-callback, no-cross-blocking, one-exit, no-exit-without-start, true-exit-code, exec-exits-once-before-exit, replay-is-idempotent, nothing-lost-on-reconnect, cursor-monotone, oom-flag-exact, oom-flag-exec-clear, oom-flag-not-inherited, oom-called-back, oom-survives-restore, bundle-gone-on-exit, exec-fifos-gone, failed-create-leaves-nothing, failed-exec-leaves-nothing, running-is-tracked, cursor-never-torn, pause-survives-restore, restore-after-exit, restore-bounded, calls-return, signal-never-waits, callbacks-may-call, daemon-comes-back, stdio-complete, returns-to-baseline, close-stdin-once, silent-after-exit, retry-is-bounded, no-double-create, kill-needs-proof, expectations; did you mean "expectations"?)");
}

TEST(ScenarioErrors, Actions) {
  EXPECT_EQ(ActionError("3"), "s.json:2:1: actions[0] is no object");
  EXPECT_EQ(
      ActionError("{}"),
      R"(s.json:2:1: actions[0] lacks "do", or one of repeat, for_each, one_of, parallel, at, after, when)");
  EXPECT_EQ(
      ActionError(R"({"do": "settle"},
  {"do": "craete", "id": "a"})"),
      R"(s.json:3:10: actions[1].do is "craete", expected one of create, add-process, signal, resize, pause, resume, stats, pids, summary, update, create-checkpoint, delete-checkpoint, list-checkpoints, version, restore, await, stop-engine, start-engine, close, write-stdin, close-stdin, close-stdin-at-attach, fail, replace-cursor, behave, exit, kill, oom, oom-kill, kill-shim, write, cue, emit, choices, hold, release, faults, stop-daemon, start-daemon, hang-daemon, advance, steps, settle, wait, expect, note; did you mean "create"?)");
  EXPECT_EQ(
      ActionError(R"({"do": "zzzzz"})"),
      R"(s.json:2:8: actions[0].do is "zzzzz", expected one of create, add-process, signal, resize, pause, resume, stats, pids, summary, update, create-checkpoint, delete-checkpoint, list-checkpoints, version, restore, await, stop-engine, start-engine, close, write-stdin, close-stdin, close-stdin-at-attach, fail, replace-cursor, behave, exit, kill, oom, oom-kill, kill-shim, write, cue, emit, choices, hold, release, faults, stop-daemon, start-daemon, hang-daemon, advance, steps, settle, wait, expect, note)");
  EXPECT_EQ(ActionError(R"({"do": 1})"), "s.json:2:8: actions[0].do is no string");
  EXPECT_EQ(ActionError(R"({"do": "create"})"), R"(s.json:2:1: actions[0] lacks "id")");
  EXPECT_EQ(
      ActionError(R"({"do": "create", "id": "a", "spce": {}})"),
      R"(s.json:2:29: actions[0].spce is unknown, expected one of do, id, spec, runtime, runtime_args, checkpoint, checkpoint_dir, returns, timeout, wait, call, from_callback; did you mean "spec"?)");
  EXPECT_EQ(ActionError(R"({"do": "settle", "id": "a"})"),
            "s.json:2:18: actions[0].id is unknown, expected do");
  EXPECT_EQ(ActionError(R"({"do": "create", "id": 3})"), "s.json:2:24: actions[0].id is no string");
  EXPECT_EQ(ActionError(R"({"do": "create", "id": {"hex": "6"}})"),
            "s.json:2:32: actions[0].id.hex is no list of bytes in hex (as 68690a)");
  EXPECT_EQ(ActionError(R"({"do": "create", "id": {"hax": "61"}})"),
            R"(s.json:2:25: actions[0].id.hax is unknown, expected hex; did you mean "hex"?)");
  EXPECT_EQ(ActionError(R"({"do": "create", "id": "a", "spec": 3})"),
            "s.json:2:37: actions[0].spec is neither an object nor a text");
  EXPECT_EQ(ActionError(R"({"do": "create", "id": "a", "wait": "no"})"),
            "s.json:2:37: actions[0].wait is neither true nor false");
  EXPECT_EQ(ActionError(R"({"do": "create", "id": "a", "timeout": "soon"})"),
            R"(s.json:2:40: actions[0].timeout is "soon", expected a duration (as 1.5s, 2m))");
  EXPECT_EQ(ActionError(R"({"do": "create", "id": "a", "timeout": "87601h"})"),
            R"(s.json:2:40: actions[0].timeout is "87601h", expected at most 87600h)");
  EXPECT_EQ(ActionError(R"({"do": "create", "id": "a", "checkpoint_dir": "/x"})"),
            R"(s.json:2:1: actions[0] has a "checkpoint_dir" and no "checkpoint")");
  EXPECT_EQ(ActionError(R"({"do": "create", "id": "a", "runtime_args": []})"),
            R"(s.json:2:1: actions[0] has "runtime_args" and no "runtime")");
  EXPECT_EQ(ActionError(R"({"do": "create", "id": "a", "runtime_args": "x"})"),
            "s.json:2:45: actions[0].runtime_args is no array");
  EXPECT_EQ(ActionError(R"({"do": "signal", "id": "a", "signal": -1})"),
            "s.json:2:39: actions[0].signal is no whole number from 0 to 4294967295");
  EXPECT_EQ(ActionError(R"({"do": "signal", "id": "a", "signal": 1e400})"),
            "s.json:2:39: number overflow parsing '1e400'");
  EXPECT_EQ(ActionError(R"({"do": "exit", "id": "a", "code": 256})"),
            "s.json:2:35: actions[0].code is no whole number from 0 to 255");
  EXPECT_EQ(ActionError(R"({"do": "update", "id": "a", "resources": {"memLimit": 1}})"),
            "s.json:2:43: actions[0].resources.memLimit is unknown, expected one of blkioWeight, "
            "cpuShares, cpuPeriod, cpuQuota, memoryLimit, memorySwap, memoryReservation, "
            "kernelMemoryLimit, kernelTCPMemoryLimit, blkioLeafWeight, pidsLimit");
  EXPECT_EQ(ActionError(
                R"({"do": "update", "id": "a", "resources": {"cpuShares": 18446744073709551616}})"),
            "s.json:2:56: actions[0].resources.cpuShares is no whole number from 0 to "
            "18446744073709551615");
  EXPECT_EQ(
      ActionError(R"({"do": "pause", "id": "a", "returns": "NOTFOUND no such container"})"),
      R"(s.json:2:39: actions[0].returns is "NOTFOUND no such container", expected OK, any, pending, or a code, as NOT_FOUND, with or without the full text after it; did you mean "NOT_FOUND"?)");
  EXPECT_EQ(ActionError(R"({"do": "write-stdin", "id": "a", "text": "x", "times": 0})"),
            "s.json:2:56: actions[0].times is no whole number from 1 to 1000000");
  EXPECT_EQ(
      ActionError(R"({"do": "fail", "point": "callback.exitt@a", "error": "INTERNAL x"})"),
      R"(s.json:2:25: actions[0].point is "callback.exitt@a", expected a point of the engine that can fail; did you mean "callback.exit"?)");
  EXPECT_EQ(
      ActionError(R"({"do": "fail", "point": "bundle.create", "error": "disk full"})"),
      R"(s.json:2:51: actions[0].error is "disk full", expected a code and a text, as INTERNAL disk full)");
  EXPECT_EQ(
      ActionError(R"({"do": "hold", "point": "rpc.Stat.received"})"),
      R"(s.json:2:25: actions[0].point is "rpc.Stat.received", expected a point that can be held (docs/faults.md); did you mean "rpc.State.received"?)");
  EXPECT_EQ(ActionError(R"({"do": "hold", "point": "event.exit@"})"),
            R"(s.json:2:25: actions[0].point is "event.exit@", expected a container's id after @)");
  EXPECT_EQ(
      ActionError(R"({"do": "hold", "point": "fifo.write"})"),
      R"(s.json:2:25: actions[0].point is "fifo.write", expected a point that can be held (docs/faults.md))");
  EXPECT_EQ(ActionError(R"({"do": "release", "count": 1})"),
            R"(s.json:2:1: actions[0] has a "count" and no "point")");
  EXPECT_EQ(ActionError(R"({"do": "release", "point": "event.exit", "count": 0})"),
            "s.json:2:51: actions[0].count is no whole number from 1 to 4294967295");
  EXPECT_EQ(
      ActionError(R"({"do": "behave", "id": "a", "behaviour": "slep=2s"})"),
      R"(s.json:2:42: actions[0].behaviour is no behaviour: term 1, "slep=2s": unknown term "slep", expected one of write, write-err, pattern, pattern-err, echo, read, sleep, cue, close, children, exit, die, oom, trap, ignore, start-delay, start-fail)");
  EXPECT_EQ(
      ActionError(R"({"do": "faults", "plan": "event.exit=brew"})"),
      R"(s.json:2:26: actions[0].plan is no fault plan: faults:1:12: "brew": no such action, expected one of off, drop, duplicate, reorder, delay, change, panic, restart, hang)");
  EXPECT_EQ(ActionError(R"({"do": "choices", "choices": {"gap": "x"}})"),
            R"(s.json:2:38: actions[0].choices.gap is "x", expected a duration (as 1.5s, 2m))");
  EXPECT_EQ(ActionError(R"({"do": "choices", "choices": 7})"),
            "s.json:2:30: actions[0].choices is no object");
  EXPECT_EQ(ActionError(R"({"do": "write", "id": "a", "stream": "stdin", "text": "x"})"),
            R"(s.json:2:38: actions[0].stream is "stdin", expected one of stdout, stderr)");
  EXPECT_EQ(
      ActionError(R"({"do": "emit", "type": "exits", "id": "a"})"),
      R"(s.json:2:24: actions[0].type is "exits", expected one of start-container, start-process, exit, oom, pause, resume, live; did you mean "exit"?)");
  EXPECT_EQ(
      ActionError(R"({"do": "emit", "type": "exit", "id": "a", "timestamp": "yesterday"})"),
      R"(s.json:2:56: actions[0].timestamp is "yesterday", expected a time (as 2016-10-05T00:00:00Z), a duration from now (as -1ms), or again)");
}

TEST(ScenarioErrors, Conditions) {
  EXPECT_EQ(ActionError(R"({"do": "wait"})"),
            "s.json:2:1: actions[0] lacks what is waited for, one of callback, rpc, event, held, "
            "fired, call, output");
  EXPECT_EQ(ActionError(R"({"do": "wait", "rpc": "State", "event": "exit"})"),
            R"(s.json:2:1: actions[0] has both "rpc" and "event")");
  EXPECT_EQ(
      ActionError(R"({"do": "wait", "rpc": "Create"})"),
      R"(s.json:2:23: actions[0].rpc is "Create", expected one of GetServerVersion, CreateContainer, UpdateContainer, Signal, UpdateProcess, AddProcess, CreateCheckpoint, DeleteCheckpoint, ListCheckpoint, State, Events, Stats, Health; did you mean "CreateContainer"?)");
  EXPECT_EQ(
      ActionError(R"({"do": "wait", "event": "exits"})"),
      R"(s.json:2:25: actions[0].event is "exits", expected one of start-container, start-process, exit, oom, pause, resume, live; did you mean "exit"?)");
  EXPECT_EQ(
      ActionError(R"({"do": "wait", "callback": "exit"})"),
      R"(s.json:2:28: actions[0].callback is "exit", expected a container and a callback, as web exit 3)");
  EXPECT_EQ(
      ActionError(R"({"do": "wait", "callback": "web exit"})"),
      R"(s.json:2:28: actions[0].callback is "web exit", expected exit STATUS, with or without oom)");
  EXPECT_EQ(
      ActionError(R"({"do": "wait", "callback": "web exist 3"})"),
      R"(s.json:2:28: actions[0].callback is "web exist 3", expected one of start-container, pause, resume, exit, restore, exit-process, oom; did you mean "exit"?)");
  EXPECT_EQ(ActionError(R"({"do": "wait", "callback": "web exit 3", "id": "web"})"),
            R"(s.json:2:48: actions[0].id does not belong to "callback")");
  EXPECT_EQ(ActionError(R"({"do": "wait", "rpc": "State", "process": "init"})"),
            R"(s.json:2:1: actions[0] lacks "id")");
  EXPECT_EQ(ActionError(R"({"do": "wait", "rpc": "State", "count": 0})"),
            "s.json:2:41: actions[0].count is no whole number from 1 to 4294967295");
  EXPECT_EQ(ActionError(R"({"do": "wait", "output": "stdin", "id": "a", "text": "x"})"),
            R"(s.json:2:26: actions[0].output is "stdin", expected one of stdout, stderr)");
  EXPECT_EQ(ActionError(R"({"do": "wait", "output": "stdout", "text": "x"})"),
            R"(s.json:2:1: actions[0] lacks "id")");
  EXPECT_EQ(ActionError(R"({"do": "wait", "output": "stdout", "id": "a"})"),
            R"(s.json:2:1: actions[0] lacks "text")");
  EXPECT_EQ(
      ActionError(R"({"do": "wait", "output": "stdout", "id": "a", "text": "x", "count": 2})"),
      R"(s.json:2:69: actions[0].count does not belong to "output")");
  EXPECT_EQ(
      ActionError(R"({"do": "wait", "held": "rpc.State.receive"})"),
      R"(s.json:2:24: actions[0].held is "rpc.State.receive", expected a point that can be held (docs/faults.md); did you mean "rpc.State.received"?)");
  EXPECT_EQ(
      ActionError(R"({"do": "wait", "fired": "callback.exit"})"),
      R"(s.json:2:25: actions[0].fired is "callback.exit", expected a point where faults happen (docs/faults.md))");
  EXPECT_EQ(
      ActionError(R"({"when": {"rpc": "State", "evnt": "exit"}, "actions": [{"do": "settle"}]})"),
      R"(s.json:2:27: actions[0].when.evnt is unknown, expected one of callback, rpc, event, held, fired, call, output, id, process, text, count; did you mean "event"?)");
  EXPECT_EQ(ActionError(R"({"when": {}, "actions": [{"do": "settle"}]})"),
            "s.json:2:10: actions[0].when lacks what is waited for, one of callback, rpc, event, "
            "held, fired, call, output");
}

TEST(ScenarioErrors, Expectations) {
  EXPECT_EQ(ActionError(R"({"do": "expect"})"), "s.json:2:1: actions[0] expects nothing");
  EXPECT_EQ(
      ActionError(R"({"do": "expect", "callbacks": {"a": ["exit"]}})"),
      R"(s.json:2:38: actions[0].callbacks.a[0] is "exit", expected exit STATUS, with or without oom)");
  EXPECT_EQ(
      ActionError(R"({"do": "expect", "callbacks": {"a": ["exit-process 3"]}})"),
      R"(s.json:2:38: actions[0].callbacks.a[0] is "exit-process 3", expected exit-process PROCESS STATUS, with or without oom)");
  EXPECT_EQ(
      ActionError(R"({"do": "expect", "callbacks": {"a": ["exit 3 omm"]}})"),
      R"(s.json:2:38: actions[0].callbacks.a[0] is "exit 3 omm", expected exit STATUS, with or without oom)");
  EXPECT_EQ(
      ActionError(R"({"do": "expect", "callbacks": {"a": ["start"]}})"),
      R"(s.json:2:38: actions[0].callbacks.a[0] is "start", expected one of start-container, pause, resume, exit, restore, exit-process, oom; did you mean "start-container"?)");
  EXPECT_EQ(ActionError(R"({"do": "expect", "callbacks": {"a": "exit 3"}})"),
            "s.json:2:37: actions[0].callbacks.a is no array");
  EXPECT_EQ(ActionError(R"({"do": "expect", "callbacks": []})"),
            "s.json:2:31: actions[0].callbacks is no object");
  EXPECT_EQ(
      ActionError(R"({"do": "expect", "tracked": ["b", "a"]})"),
      R"(s.json:2:35: actions[0].tracked[1] is "a", expected it before "b": the list is sorted)");
  EXPECT_EQ(ActionError(R"({"do": "expect", "running": [1]})"),
            "s.json:2:30: actions[0].running[0] is no string");
  EXPECT_EQ(
      ActionError(R"({"do": "expect", "files": {"a": ["x", "config.json"]}})"),
      R"(s.json:2:39: actions[0].files.a[1] is "config.json", expected it before "x": the list is sorted)");
  EXPECT_EQ(
      ActionError(R"({"do": "expect", "sent": {"Sign web/init 9": 1}})"),
      R"(s.json:2:27: actions[0].sent.Sign web/init 9 is no request, expected a method and what it is about, as Signal web/init 9; did you mean "Signal"?)");
  EXPECT_EQ(
      ActionError(R"({"do": "expect", "sent": {"Signal web/init 9": "1"}})"),
      "s.json:2:48: actions[0].sent.Signal web/init 9 is no whole number from 0 to 4294967295");
  EXPECT_EQ(ActionError(R"({"do": "expect", "dropped": {"late": 1}})"),
            "s.json:2:30: actions[0].dropped.late is unknown, expected one of unknown-container, "
            "duplicate, earlier-life, after-exit, failed-start");
  EXPECT_EQ(
      ActionError(R"({"do": "expect", "fired": {"event.exits": 1}})"),
      R"(s.json:2:28: actions[0].fired.event.exits is "event.exits", expected a point where faults happen (docs/faults.md); did you mean "event.exit"?)");
  EXPECT_EQ(
      ActionError(R"({"do": "expect", "held": {"fifo.write": 1}})"),
      R"(s.json:2:27: actions[0].held.fifo.write is "fifo.write", expected a point that can be held (docs/faults.md))");
  EXPECT_EQ(
      ActionError(
          R"({"do": "create", "id": "a", "call": "c"}, {"do": "expect", "results": {"c": "okay"}})"),
      R"(s.json:2:77: actions[1].results.c is "okay", expected OK, any, pending, or a code, as NOT_FOUND, with or without the full text after it)");
}

TEST(ScenarioErrors, Labels) {
  EXPECT_EQ(
      ActionError(R"({"do": "await", "call": "c"})"),
      R"(s.json:2:25: actions[0].call is "c", expected the label of a call, and no call has one)");
  EXPECT_EQ(
      ActionError(R"({"do": "create", "id": "a", "call": "created"},
{"do": "await", "call": "creates"})"),
      R"(s.json:3:25: actions[1].call is "creates", expected the label of a call; did you mean "created"?)");
  EXPECT_EQ(ActionError(R"({"do": "create", "id": "a", "call": "c"},
{"do": "pause", "id": "a", "call": "c"})"),
            R"(s.json:3:36: actions[1].call is "c", which is the label of another call already)");
  EXPECT_EQ(ActionError(R"({"do": "create", "id": "a", "call": ""})"),
            "s.json:2:37: actions[0].call is empty");
  EXPECT_EQ(
      ActionError(R"({"do": "expect", "results": {"c": "OK"}})"),
      R"(s.json:2:30: actions[0].results.c is "c", expected the label of a call, and no call has one)");
  EXPECT_EQ(
      ActionError(R"({"do": "wait", "call": "c"})"),
      R"(s.json:2:24: actions[0].call is "c", expected the label of a call, and no call has one)");
  EXPECT_EQ(
      ActionError(R"({"when": {"call": "c"}, "actions": [{"do": "settle"}]})"),
      R"(s.json:2:19: actions[0].when.call is "c", expected the label of a call, and no call has one)");
  EXPECT_EQ(
      ActionError(R"({"repeat": 2, "actions": [{"do": "create", "id": "a", "call": "c"}]})"),
      R"(s.json:2:63: actions[0].actions[0].call is "c", which is the label of another call already)");
}

TEST(ScenarioErrors, Groups) {
  EXPECT_EQ(ActionError(R"({"do": "settle", "actions": []})"),
            "s.json:2:18: actions[0].actions is unknown, expected do");
  EXPECT_EQ(ActionError(R"({"at": "1s", "after": "1s", "actions": [{"do": "settle"}]})"),
            R"(s.json:2:1: actions[0] has both "at" and "after")");
  EXPECT_EQ(ActionError(R"({"at": "1s"})"), R"(s.json:2:1: actions[0] lacks "actions")");
  EXPECT_EQ(ActionError(R"({"at": 1, "actions": [{"do": "settle"}]})"),
            "s.json:2:8: actions[0].at is no string");
  EXPECT_EQ(ActionError(R"({"at": "1s", "actions": []})"),
            "s.json:2:25: actions[0].actions is empty");
  EXPECT_EQ(ActionError(R"({"repeat": -1, "actions": [{"do": "settle"}]})"),
            "s.json:2:12: actions[0].repeat is no whole number from 0 to 100000");
  EXPECT_EQ(ActionError(R"({"repeat": 2, "as": "a b", "actions": [{"do": "settle"}]})"),
            R"(s.json:2:21: actions[0].as is "a b", expected a name of letters, digits and _)");
  EXPECT_EQ(ActionError(R"({"for_each": [1], "actions": [{"do": "settle"}]})"),
            R"(s.json:2:1: actions[0] lacks "as")");
  EXPECT_EQ(ActionError(R"({"for_each": 1, "as": "x", "actions": [{"do": "settle"}]})"),
            "s.json:2:14: actions[0].for_each is no array");
  EXPECT_EQ(ActionError(R"({"one_of": []})"), "s.json:2:12: actions[0].one_of is empty");
  EXPECT_EQ(ActionError(R"({"one_of": [{"do": "settle"}]})"),
            "s.json:2:13: actions[0].one_of[0] is no array");
  EXPECT_EQ(ActionError(R"({"parallel": [[{"do": "settle"}]], "actions": []})"),
            "s.json:2:36: actions[0].actions is unknown, expected parallel");
  EXPECT_EQ(ActionError(R"({"parallel": [[{"do": "create", "id": "a", "wait": true}]]})"),
            "s.json:2:52: actions[0].parallel[0][0].wait is true in a group that runs beside "
            "others, where no call waits");
  EXPECT_EQ(
      ActionError(R"({"after": "1s", "actions": [{"do": "create", "id": "a", "wait": true}]})"),
      "s.json:2:65: actions[0].actions[0].wait is true in a group that runs beside others, where "
      "no call waits");
  EXPECT_EQ(
      ActionError(R"({"action": [{"do": "settle"}]})"),
      R"(s.json:2:1: actions[0] lacks "do", or one of repeat, for_each, one_of, parallel, at, after, when)");
}

TEST(ScenarioErrors, Variables) {
  EXPECT_EQ(
      ActionError(R"({"do": "note", "text": "${x}"})"),
      R"(s.json:2:24: actions[0].text names the variable "x", expected none: there are no variables here)");
  EXPECT_EQ(
      ActionError(
          R"({"repeat": 1, "as": "index", "actions": [{"do": "note", "text": "a ${indx}"}]})"),
      R"(s.json:2:65: actions[0].actions[0].text names the variable "indx", expected one of index; did you mean "index"?)");
  EXPECT_EQ(ActionError(R"({"do": "note", "text": "a ${b"})"),
            "s.json:2:24: actions[0].text has a ${ without }; $${ stands for ${");
  EXPECT_EQ(
      ActionError(R"({"repeat": 1, "as": "i", "actions": [{"do": "note", "text": "${i%0}"}]})"),
      "s.json:2:61: actions[0].actions[0].text has ${i%0}, which cannot be reckoned");
  EXPECT_EQ(
      ActionError(
          R"({"repeat": 1, "as": "i", "actions": [{"do": "note", "text": "${9223372036854775807+1}"}]})"),
      "s.json:2:61: actions[0].actions[0].text has ${9223372036854775807+1}, which cannot be "
      "reckoned");
  EXPECT_EQ(
      ActionError(
          R"({"for_each": ["a"], "as": "x", "actions": [{"do": "note", "text": "${x+1}"}]})"),
      R"(s.json:2:67: actions[0].actions[0].text reckons with "x", which is no whole number)");
  EXPECT_EQ(
      ActionError(R"({"for_each": [[]], "as": "x", "actions": [{"do": "note", "text": "a${x}"}]})"),
      "s.json:2:66: actions[0].actions[0].text has ${x} inside a text, which is no text and no "
      "number");
  EXPECT_EQ(
      ActionError(R"({"for_each": [[]], "as": "x", "actions": [{"do": "note", "text": "${x}"}]})"),
      "s.json:2:66: actions[0].actions[0].text is no string");
  EXPECT_EQ(
      ActionError(
          R"({"for_each": ["a"], "as": "x", "actions": [{"do": "exit", "id": "a", "code": "${x}"}]})"),
      "s.json:2:78: actions[0].actions[0].code is no whole number from 0 to 4294967295");
  EXPECT_EQ(
      ActionError(R"({"for_each": ["craete"], "as": "x", "actions": [
 {"do": "${x}", "id": "a"}]})"),
      R"(s.json:3:9: actions[0].actions[0].do is "craete", expected one of create, add-process, signal, resize, pause, resume, stats, pids, summary, update, create-checkpoint, delete-checkpoint, list-checkpoints, version, restore, await, stop-engine, start-engine, close, write-stdin, close-stdin, close-stdin-at-attach, fail, replace-cursor, behave, exit, kill, oom, oom-kill, kill-shim, write, cue, emit, choices, hold, release, faults, stop-daemon, start-daemon, hang-daemon, advance, steps, settle, wait, expect, note; did you mean "create"?)");
  EXPECT_EQ(
      ActionError(
          R"({"for_each": ["a"], "as": "x", "actions": [{"do": "create", "id": "a", "spec": {"a": 1, "${x}": 2}}]})"),
      R"(s.json:2:89: actions[0].actions[0].spec.${x} is "a", which stands there twice)");
}

}  // namespace
}  // namespace scenarios
