#include "fake_containerd/daemon.h"

#include <iostream>
#include <string>
#include <utility>

#include "fake_containerd/fake_containerd.h"
#include "fake_containerd/script.h"
#include "fake_containerd/world/observer.h"

namespace fake_containerd {

using libcontainerd::ErrorCode;
using libcontainerd::Fail;
using libcontainerd::Result;
using libcontainerd::Status;

namespace {

// A daemon may run for long: what it remembers for waits is bounded.
constexpr std::size_t kMemory = 100'000;

// With --debug: one line for each thing that happens. And who tells the daemon's owner of its end.
class DebugLog final : public WorldObserver {
 public:
  DebugLog(bool on, std::function<void(const std::string&)> on_panic)
      : on_(on), on_panic_(std::move(on_panic)) {}

  void OnEventEmitted(const Event& event) override {
    Line("event " + std::string(EventKindName(event.kind)) + " of " + event.container.id + " " +
         event.process + " status " + std::to_string(event.status));
  }
  void OnEventDropped(const Event& event, std::uint64_t subscriber) override {
    Line("event not sent to subscriber " + std::to_string(subscriber) + ": " +
         std::string(EventKindName(event.kind)) + " of " + event.container.id);
  }
  void OnProcessStarted(const ContainerKey& container, const std::string& process,
                        std::uint32_t system_pid) override {
    Line("process " + process + " of " + container.id + " started, pid " +
         std::to_string(system_pid));
  }

  void OnFaultFired(const FiredFault& fault) override {
    last_fault_ = fault.point + "=" + fault.term;
    Line("fault " + last_fault_);
  }
  void OnDaemonPanicked() override {
    if (on_panic_) on_panic_("the fault plan says so, " + last_fault_);
  }

  void Line(const std::string& text) const {
    if (on_) std::cerr << "fake-containerd: " + text + "\n" << std::flush;
  }

 private:
  const bool on_;
  const std::function<void(const std::string&)> on_panic_;
  std::string last_fault_;
};

}  // namespace

// The log outlives the fake that writes it.
struct Daemon::Inside {
  Inside(bool debug, std::function<void(const std::string&)> on_panic)
      : log(debug, std::move(on_panic)) {}

  Status Start(const DaemonOptions& options) {
    std::string script;
    if (!options.script.empty()) {
      Result<std::string> text = ReadScriptFile(options.script);
      if (!text) return Fail(text.error());
      // Before anything is touched: a bad one leaves no trace.
      if (const auto parsed = ParseScript(*text, options.script, options.seed); !parsed) {
        return Fail(parsed.error());
      }
      script = std::move(*text);
    }
    FakeContainerdOptions fake_options;
    fake_options.socket_path = options.socket_path();
    fake_options.directory = options.state_dir;
    fake_options.state_dir = options.state_dir;
    fake_options.start_timeout = options.start_timeout;
    fake_options.runtime = options.runtime;
    fake_options.retain_count = options.retain_count;
    fake_options.journal = options.journal;
    fake_options.control_socket = options.control;
    fake_options.relay = options.relay;
    fake_options.holds = options.holds;
    if (options.drawn_choices) fake_options.choices = Choices::Drawn(options.seed);
    for (const std::string& plan : options.faults) fake_options.faults += plan + "\n";
    fake_options.seed = options.seed;
    fake_options.limits = options.limits;
    fake_options.memory = kMemory;
    fake_options.observer = &log;
    Status started = fake.Start(std::move(fake_options));
    if (started && !script.empty()) started = fake.LoadScript(script, options.script);
    if (started && !options.control.empty()) log.Line("control service on " + options.control);
    if (started) log.Line("grpc api on " + options.socket_path());
    return started;
  }

  DebugLog log;
  FakeContainerd fake;
};

Daemon::Daemon(std::function<void(const std::string&)> on_panic) : on_panic_(std::move(on_panic)) {}

Daemon::~Daemon() {
  static_cast<void>(Stop());
}

Status Daemon::Start(const DaemonOptions& options) {
  if (inside_) return Fail(ErrorCode::kFailedPrecondition, "the daemon runs already");
  auto inside = std::make_unique<Inside>(options.debug, on_panic_);
  if (Status serving = inside->Start(options); !serving) return serving;
  inside_ = std::move(inside);
  return {};
}

Status Daemon::Stop() {
  if (!inside_) return {};
  Status stopped = inside_->fake.Stop();
  inside_.reset();
  return stopped;
}

}  // namespace fake_containerd
