// The command line of the fake-containerd daemon: containerd 0.2.3's flags with their defaults, and
// those that only a fake can have. docs/fake-containerd.md lists them all.
//
// Read as Go's flag package does: `-name value`, `--name=value` and so on mean the same, and a
// flag's value may begin with a dash (`--runtime-args --systemd-cgroup`).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "fake_containerd/limits.h"
#include "libcontainerd/error.h"
#include "libcontainerd/runtime.h"

namespace fake_containerd {

struct DaemonOptions {
  std::string listen = "unix:///run/containerd/containerd.sock";
  std::string state_dir = "/run/containerd";
  std::string runtime = "runc";
  libcontainerd::Duration start_timeout = std::chrono::seconds(15);
  int retain_count = 500;
  bool debug = false;
  // Ours; empty: none.
  std::string script{};
  std::string journal{};
  std::string control{};
  std::vector<std::string> faults{};
  std::vector<std::string> holds{};
  std::uint64_t seed = 1;
  bool drawn_choices = false;  // races after the seed, rather than as they mostly end
  bool relay = true;
  Limits limits{};
  // Taken and checked; nothing in this world depends on them.
  std::vector<std::string> runtime_args{};
  std::string shim = "containerd-shim";
  libcontainerd::Duration metrics_interval = std::chrono::minutes(5);
  std::string pprof_address{};
  std::string graphite_address{};

  std::string socket_path() const { return listen.substr(kScheme.size()); }
  static constexpr std::string_view kScheme = "unix://";
};

struct CommandLine {
  DaemonOptions options{};
  std::string text{};  // of --help or --version, to be printed instead of serving; else empty
};

// `arguments` without the program's name. Errors: INVALID_ARGUMENT, one line.
libcontainerd::Result<CommandLine> ParseCommandLine(std::vector<std::string> arguments);

}  // namespace fake_containerd
