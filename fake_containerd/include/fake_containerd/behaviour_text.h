// Behaviours as text: what a process does, said in its container's config.json, in its arguments,
// or in a script. docs/processes.md is the manual of the language.
//
//   "args": ["drydock-process", "write=hello\\n", "sleep=2s", "trap=TERM:exit=3", "exit=7"]
//   "annotations": {"io.drydock.behaviour": "write=hello\\n; exit=7",
//                   "io.drydock.behaviour.EXEC": "echo; exit=0"}
//
// A behaviour is a list of terms. Steps happen in their order; what stands for the whole process
// (trap, ignore, start-fail, start-delay) may stand anywhere.
//
//   term                               meaning
//   write[*TIMES]=BYTES                to standard output, so many times
//   write-err[*TIMES]=BYTES            to standard error
//   pattern=SIZE[:seed=N]              SIZE bytes of a pattern (pattern.h) to standard output
//   pattern-err=SIZE[:seed=N]          to standard error
//   echo                               copies standard input to standard output to its end
//   read                               reads standard input to its end
//   sleep=DURATION
//   cue=NAME                           waits until the test gives this cue
//   close=stdout | close=stderr
//   children=N[:life=DURATION][:output=BYTES]
//   exit=CODE
//   die=SIGNAL                         as if killed by it
//   oom | oom=child                    the kernel takes the process, or a child of it
//   trap=SIGNAL:exit=CODE[:after=DURATION]
//   ignore=SIGNAL
//   start-delay=DURATION
//   start-fail=KIND[:SUBJECT]          runtime-missing, not-started, timeout, binary-missing,
//                                      not-in-path, not-executable, bad-cwd, no-args, message
//
// BYTES, NAME and SUBJECT know the escapes \n \r \t \0 \s (a space) \\ \; \: and \xHH. SIZE is a
// number, also with K, M, G or T. DURATION is Go's: 1.5s, 2m. SIGNAL is TERM, SIGTERM or 15.
//
// Threads: any; these are functions of their arguments.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "fake_containerd/behaviour.h"
#include "libcontainerd/error.h"

namespace fake_containerd {

// The base name of a program whose further arguments are terms.
inline constexpr char kBehaviourProgram[] = "drydock-process";
// Init's annotation. Any process has, besides, this one with a dot and the process's name.
inline constexpr char kBehaviourAnnotation[] = "io.drydock.behaviour";

// Terms separated by spaces, line ends or `;`. Errors: INVALID_ARGUMENT,
// `term 2, "slep=2s": unknown term "slep", expected one of …`.
libcontainerd::Result<Behaviour> ParseBehaviour(std::string_view text);
// One term each: nothing separates, spaces belong to them.
libcontainerd::Result<Behaviour> ParseBehaviour(std::span<const std::string> terms);

// The one text for it that ParseBehaviour makes equal again, in either form. What has no meaning in
// the language (a negative duration, a handler for SIGKILL, a signal or code out of range) is
// printed and then refused.
std::string PrintBehaviour(const Behaviour& behaviour);
std::vector<std::string> BehaviourTerms(const Behaviour& behaviour);

// What the process's own words say: its annotation, else its arguments. Without any it runs until a
// signal ends it. Errors begin with the place: `annotation io.drydock.behaviour: term 1, …`,
// `arguments of drydock-process: term 1, …`.
libcontainerd::Result<Behaviour> BehaviourInWords(const ProcessRequest& request);

}  // namespace fake_containerd
