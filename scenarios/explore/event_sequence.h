// Event sequences: the real client on a simulated runtime, fed with a short sequence of events and
// calls, and compared with the reference model (scenarios/model/container_model.h) at every step.
// There is no daemon: a stub answers, and events come as the sequence says, possible or not. So
// many thousand sequences run in a second, which a stage with its journal does not.
//
// A sequence is at most kMostSteps steps about three containers with two names for execs. It is
// decoded from arbitrary bytes: one with the choices for the whole, one with the seed of the
// schedule, then two for each step. Every byte string is a sequence.
//
// What it does not have: the event stream and its reconnects, the stored log, restores, State
// answers, streams with data, deadlines, and a second start-container during a create.
//
// Threads: any; each run has a world of its own.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "libcontainerd/reference_behaviour.h"

namespace scenarios {

struct EventStep {
  enum class Kind : std::uint8_t {
    // Events
    kExit,
    kExecExit,
    kOom,
    kPause,
    kResume,
    kStartContainer,
    kStartProcess,
    kUnheardOf,  // of a kind that no daemon has
    // Calls
    kCreate,
    kAddProcess,
    kPauseCall,
    kResumeCall,
    // The rest
    kWait,     // the clock goes on
    kHold,     // callbacks of the container that begin from now on do not end …
    kRelease,  // … until then
    kSettle,   // everything that is ready runs
  };
  enum class Stamp : std::uint8_t {
    kNew,
    kAgain,    // an event of this container that was delivered already, once more
    kEarlier,  // before the container's last create was called
    kNone,
  };
  // Of a create or add-process.
  enum class Outcome : std::uint8_t {
    kGood,
    kRefused,        // by the daemon
    kLost,           // UNAVAILABLE
    kCallbackFails,  // the start callback, or the exec's attach
    kLate,           // good, 20 ms later
    kRefusedLate,
    kAttachHeld,  // good; the attach ends with the next kRelease
  };
  Kind kind = Kind::kSettle;
  std::uint8_t container = 0;  // 0 to 2
  std::uint8_t process = 0;    // of an exec: 0 or 1
  Stamp stamp = Stamp::kNew;
  Outcome outcome = Outcome::kGood;
  std::uint8_t number = 0;  // kAgain: how far back; kWait: for how long; 0 to 7
  bool settles = true;      // whatever is ready runs before the next step

  friend bool operator==(const EventStep&, const EventStep&) = default;
};

struct EventSequence {
  static constexpr std::size_t kMostSteps = 16;
  static constexpr std::size_t kContainers = 3;

  std::uint8_t created = 0;  // bits: those that run, with the first exec, before the first step
  std::uint64_t seed = 1;    // of the schedule
  std::vector<EventStep> steps{};

  friend bool operator==(const EventSequence&, const EventSequence&) = default;
};

EventSequence DecodeEventSequence(std::span<const std::uint8_t> bytes);
// DecodeEventSequence gives the same sequence again, if its values are in range.
std::vector<std::uint8_t> EncodeEventSequence(const EventSequence& sequence);
// "c1: exit 4 of init", one step a line.
std::string EventStepText(const EventStep& step);
std::string EventSequenceText(const EventSequence& sequence);

struct EventSequenceResult {
  std::vector<std::string> differences{};  // "c1: …"; empty if client and model agree
  std::size_t callbacks = 0;
  std::string story{};  // what happened, a line for each thing; if it was asked for
};

EventSequenceResult RunEventSequence(const EventSequence& sequence, bool story = false,
                                     const libcontainerd::ReferenceBehaviour& reference = {});

}  // namespace scenarios
