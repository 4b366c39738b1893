// The names of the behaviour language, which its reader and its printer share.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "fake_containerd/behaviour.h"

namespace fake_containerd {

// From 1 on, as on Linux.
inline constexpr std::array<std::string_view, 31> kSignalNames = {
    "HUP",  "INT",  "QUIT", "ILL",    "TRAP",   "ABRT",  "BUS",  "FPE",  "KILL", "USR1", "SEGV",
    "USR2", "PIPE", "ALRM", "TERM",   "STKFLT", "CHLD",  "CONT", "STOP", "TSTP", "TTIN", "TTOU",
    "URG",  "XCPU", "XFSZ", "VTALRM", "PROF",   "WINCH", "IO",   "PWR",  "SYS"};

struct StartFailureName {
  FailureKind kind;
  std::string_view name;
};
inline constexpr std::array<StartFailureName, 9> kStartFailures = {
    {{FailureKind::kRuntimeMissing, "runtime-missing"},
     {FailureKind::kNotStarted, "not-started"},
     {FailureKind::kStartTimeout, "timeout"},
     {FailureKind::kBinaryMissing, "binary-missing"},
     {FailureKind::kNotInPath, "not-in-path"},
     {FailureKind::kNotExecutable, "not-executable"},
     {FailureKind::kBadCwd, "bad-cwd"},
     {FailureKind::kNoArgs, "no-args"},
     {FailureKind::kRuntimeMessage, "message"}}};

struct SizeUnit {
  char name;
  std::uint64_t bytes;
};
inline constexpr std::array<SizeUnit, 4> kSizeUnits = {
    {{'T', 1ULL << 40U}, {'G', 1ULL << 30U}, {'M', 1ULL << 20U}, {'K', 1ULL << 10U}}};

// Bytes in printable letters, none of which separates anything.
std::string EscapeBytes(std::string_view bytes);
// Its name, else its number.
std::string PrintSignal(std::uint32_t signal);

}  // namespace fake_containerd
