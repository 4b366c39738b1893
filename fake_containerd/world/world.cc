#include "fake_containerd/world/world.h"

#include <algorithm>
#include <utility>

#include <asio/post.hpp>

#include "fake_containerd/world/event_log_file.h"
#include "fake_containerd/world/world_parts.h"

namespace fake_containerd {
namespace {

std::unique_ptr<EventLogStore> MakeStore(const WorldOptions& options) {
  if (options.event_log) return std::make_unique<EventLogFile>(*options.event_log);
  return std::make_unique<MemoryEventLogStore>();
}

// The monitor takes a while to miss a shim: seen on the real daemon.
constexpr Duration kShimDeathNotice = std::chrono::milliseconds(1200);
constexpr std::uint32_t kUnreadableStatus = 255;
constexpr std::uint32_t kHighestSignal = 64;

}  // namespace

World::World(Runtime& runtime, ProcessIo& io, WorldOptions options)
    : runtime_(runtime),
      io_(io),
      options_(std::move(options)),
      log_(MakeStore(options_), options_.retain_count),
      subscribers_(runtime, options_.subscriber_capacity, options_.max_event_bytes),
      life_(std::make_shared<bool>(false)),
      next_pid_(options_.first_pid),
      injector_(std::make_shared<Injector>(runtime, options_.fault_seed, InjectorHooks())) {
  injector_->SetFaults(options_.faults);
}

World::~World() {
  options_.observer = nullptr;
  StopDaemon();
  injector_->Detach();
  for (const auto& [pid, weak] : processes_) {
    if (const auto process = weak.lock()) process->Abandon();
  }
}

libcontainerd::Status World::StartDaemon() {
  if (running_ || starting_) return {};
  starting_ = true;
  const auto result = std::make_shared<libcontainerd::Status>();
  injector_->Pass("daemon.start", {}, [this, result](const Injector::Verdict& verdict) {
    *result = FinishStart(verdict);
  });
  return *result;
}

void World::BeginLife() {
  running_ = true;
  life_ = std::make_shared<bool>(true);
  loop_ = std::make_unique<MainLoop>(runtime_);
  if (options_.observer != nullptr) options_.observer->OnDaemonStarted();
  Recover();
  subscribers_.WakeDormant(log_.events());
}

void World::StopDaemon() {
  if (!running_) {
    injector_->DropAll();  // a start that waits does not come any more
    return;
  }
  running_ = false;
  *life_ = false;
  if (options_.observer != nullptr) options_.observer->OnDaemonStopped();
  loop_.reset();
  blocked_done_ = {};
  blocked_start_.reset();
  waiting_starts_.clear();
  running_starts_ = 0;
  log_queue_.clear();
  log_pending_ = false;
  injector_->DropAll();
  for (const Reordered& lost : std::exchange(reordered_, {})) {
    ReportLost(lost.event, kDiedFirst, true);
  }
  for (const auto& [key, container] : containers_) {
    container->when_execs_told = {};
    container->held_execs.clear();
  }
  subscribers_.BreakAll();
  for (auto& [ticket, fail] : std::exchange(unanswered_, {})) fail();
}

// The exits that happened unheard: by container name, execs before init.
void World::Recover() {
  for (const auto& [key, container] : containers_) {
    std::vector<MemberPtr> dead;
    for (const MemberPtr& member : container->members) {
      if (member->process->dead()) dead.push_back(member);
    }
    const MemberPtr init = container->init();
    const bool init_dead = init && init->process->dead();
    for (const MemberPtr& member : dead) {
      member->noticed = true;
      if (member->is_init() || init_dead) continue;
      loop_->Push([this, member, container = container](MainLoop::Done done) {
        ReapExec(member, container);
        done();
      });
    }
    if (!init_dead) continue;
    loop_->Push([this, init, container = container](MainLoop::Done done) {
      ReapInit(init, container, /*execs_first=*/true, std::move(done));
    });
  }
}

void World::After(Duration delay, libcontainerd::UniqueFunction<void()> task) {
  auto guarded = [life = life_, task = std::move(task)]() mutable {
    if (*life) task();
  };
  if (delay == Duration::zero()) {
    asio::post(runtime_.executor(), std::move(guarded));
  } else {
    runtime_.StartTimer(delay, std::move(guarded));
  }
}

void World::Announce(Order order, libcontainerd::UniqueFunction<void()> reply,
                     libcontainerd::UniqueFunction<void()> event, MainLoop::Done done) {
  if (order == Order::kEventFirst) std::swap(reply, event);
  reply();
  if (options_.choices.gap == Duration::zero()) {
    event();
    done();
    return;
  }
  After(options_.choices.gap, [second = std::move(event), done = std::move(done)]() mutable {
    second();
    done();
  });
}

// Distinct and rising: on a virtual clock many events share an instant, and a replay after one
// would lose the rest.
WallTime World::Stamp() {
  last_stamp_ = std::max(runtime_.WallNow(), last_stamp_ + Duration(1));
  return last_stamp_;
}

void World::EmitNow(EventKind kind, const Container& container, const std::string& process,
                    std::uint32_t status) {
  Publish(Event{.kind = kind,
                .container = container.key,
                .process = process,
                .status = status,
                .time = Stamp()});
}

void World::Emit(Event event) {
  if (event.time == WallTime{}) event.time = Stamp();
  if (running_) Publish(event);
}

void World::Tell(const Event& event) {
  WorldObserver* const observer = options_.observer;
  if (observer != nullptr) observer->OnEventEmitted(event);
  // The log is a subscriber as any other: whoever subscribes before it has written the event finds
  // it nowhere.
  if (log_queue_.size() >= options_.subscriber_capacity) {
    if (observer != nullptr) observer->OnEventDropped(event, 0);
  } else {
    log_queue_.push_back(event);
    if (!std::exchange(log_pending_, true)) {
      After(options_.choices.log_delay, [this] { WriteLog(); });
    }
  }
  for (const std::uint64_t subscriber : subscribers_.Notify(event)) {
    if (observer != nullptr) observer->OnEventDropped(event, subscriber);
  }
}

void World::WriteLog() {
  log_pending_ = false;
  for (const Event& event : std::exchange(log_queue_, {})) WriteToLog(event);
}

std::unique_ptr<Subscription> World::Subscribe(EventFilter filter,
                                               libcontainerd::UniqueFunction<void()> on_ready) {
  return subscribers_.Subscribe(std::move(filter), running_ ? &log_.events() : nullptr,
                                std::move(on_ready));
}

World::ContainerPtr World::FindContainer(const ContainerKey& key) const {
  const auto found = containers_.find(key);
  return found == containers_.end() ? nullptr : found->second;
}

std::shared_ptr<SimulatedProcess> World::FindAny(const ContainerKey& key,
                                                 const std::string& process) const {
  const ContainerPtr container = FindContainer(key);
  if (!container) return nullptr;
  if (const MemberPtr member = container->Find(process)) return member->process;
  for (const MemberPtr& member : container->lingering) {
    if (member->process->info().name == process) return member->process;
  }
  return nullptr;
}

std::shared_ptr<SimulatedProcess> World::FindLiving(const ContainerKey& key,
                                                    const std::string& process) const {
  auto found = FindAny(key, process);
  return found && !found->dead() ? found : nullptr;
}

bool World::ExitProcess(const ContainerKey& key, const std::string& process, std::uint32_t code) {
  const auto found = FindLiving(key, process);
  if (found) found->Exit(code);
  return found != nullptr;
}

bool World::KillProcess(const ContainerKey& key, const std::string& process, std::uint32_t signal) {
  const auto found = FindLiving(key, process);
  if (!found || signal > kHighestSignal) return false;
  found->Signal(signal);
  return true;
}

void World::KillAll() {
  std::vector<std::shared_ptr<SimulatedProcess>> all;
  for (const auto& [pid, weak] : processes_) {
    if (auto process = weak.lock()) all.push_back(std::move(process));
  }
  for (const auto& process : all) {
    if (!process->dead()) process->Kill();
    process->KillChildren();
  }
}

bool World::Oom(const ContainerKey& key) {
  const ContainerPtr container = FindContainer(key);
  if (!container || !running_) return false;
  PushOom(container);
  return true;
}

bool World::OomKill(const ContainerKey& key, const std::string& process) {
  const auto found = FindLiving(key, process);
  if (found) found->OomKill();
  return found != nullptr;
}

bool World::WriteOutput(const ContainerKey& key, const std::string& process, OutputStream stream,
                        std::string data) {
  const auto found = FindLiving(key, process);
  if (found) found->Write(stream, std::move(data));
  return found != nullptr;
}

bool World::GiveCue(const ContainerKey& key, const std::string& process, const std::string& cue) {
  const auto found = FindLiving(key, process);
  if (found) found->GiveCue(cue);
  return found != nullptr;
}

bool World::ReleaseChildren(const ContainerKey& key, const std::string& process) {
  const auto found = FindAny(key, process);
  if (found) found->ReleaseChildren();
  return found != nullptr;
}

bool World::KillShim(const ContainerKey& key, const std::string& process) {
  const ContainerPtr container = FindContainer(key);
  const MemberPtr member = container ? container->Find(process) : nullptr;
  if (!member || member->process->dead()) return false;
  if (!running_) {
    member->status = kUnreadableStatus;
    member->process->Kill();
    return true;
  }
  After(kShimDeathNotice, [member] { member->process->Kill(); });
  return true;
}

void World::StallLoop(Duration duration) {
  if (!running_) return;
  loop_->Push([this, duration](MainLoop::Done done) { After(duration, std::move(done)); });
}

}  // namespace fake_containerd
