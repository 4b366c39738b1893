// The recorded traces of scenarios/traces, and small recordings written by tests.
#pragma once

#include <string>
#include <vector>

#include "scenarios/recording.h"
#include "scenarios/recording_reader.h"
#include "scenarios/replay_plan.h"

namespace scenarios::testing {

// Names of all traces, sorted; never empty.
std::vector<std::string> TraceNames();
std::string TracePath(const std::string& name);  // of NAME.jsonl
// The files' contents under their own names.
RecordingTexts TraceTexts(const std::string& name);
// Fails the running test if it cannot be read.
Recording ReadTrace(const std::string& name);

// Files w.jsonl and w.client.jsonl with these lines (each gets a newline).
RecordingTexts Texts(const std::vector<std::string>& wire, const std::vector<std::string>& client);

// "create c1 [init]"-like words for every step, for comparison in tests.
std::string StepWords(const Recording& recording, const ReplayPlan& plan, const ReplayStep& step);
std::vector<std::string> AllStepWords(const Recording& recording, const ReplayPlan& plan);

}  // namespace scenarios::testing
