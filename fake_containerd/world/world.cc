#include "fake_containerd/world/world.h"

#include <algorithm>
#include <array>
#include <utility>

#include <asio/post.hpp>

#include "fake_containerd/world/event_log_file.h"
#include "fake_containerd/world/signals.h"
#include "fake_containerd/world/world_parts.h"

namespace fake_containerd {
namespace {

std::unique_ptr<EventLogStore> MakeStore(const WorldOptions& options) {
  if (options.event_log) return std::make_unique<EventLogFile>(*options.event_log);
  return nullptr;
}

// The monitor takes a while to miss a shim: seen on the real daemon.
constexpr Duration kShimDeathNotice = std::chrono::milliseconds(1200);
constexpr Duration kMutantsDelay = std::chrono::seconds(10);

}  // namespace

World::World(Runtime& runtime, ProcessIo& io, WorldOptions options)
    : runtime_(runtime),
      io_(io),
      options_(std::move(options)),
      log_(MakeStore(options_), Planted(Mutant::kLogKeepsOne) ? 1 : options_.retain_count),
      subscribers_(runtime, options_.subscriber_capacity, options_.max_event_bytes),
      checkpoints_(options_.checkpoints_on_disk),
      draws_(options_.choices.seed),
      draws_seed_(options_.choices.seed),
      life_(std::make_shared<bool>(false)),
      next_pid_(options_.first_pid),
      injector_(std::make_shared<Injector>(runtime, options_.fault_seed, InjectorHooks())) {
  if (options_.state_directory) files_.emplace(*options_.state_directory);
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

void World::BeginLife(const std::vector<StoredContainer>& stored) {
  running_ = true;
  life_ = std::make_shared<bool>(true);
  loop_ = std::make_unique<MainLoop>(runtime_);
  if (options_.observer != nullptr) options_.observer->OnDaemonStarted();
  for (const StoredContainer& container : stored) Adopt(container);
  Recover();
  subscribers_.WakeDormant(log_.events());
}

void World::StopDaemon() {
  if (!running_) {
    injector_->DropAll();  // a start that waits does not come any more
    return;
  }
  running_ = false;
  deadlocked_ = false;
  *life_ = false;
  if (options_.observer != nullptr) options_.observer->OnDaemonStopped();
  loop_.reset();
  blocked_done_ = {};
  blocked_start_.reset();
  waiting_starts_.clear();
  running_starts_ = 0;
  log_queue_.Clear();
  log_pending_ = false;
  injector_->DropAll();
  for (const Reordered& lost : std::exchange(reordered_, {})) {
    ReportLost(lost.event, kDiedFirst, true);
  }
  for (const auto& [key, container] : containers_) {
    if (Container::ExecEnds* const execs = container->execs.IfMade()) {
      execs->when_told = {};
      execs->held.clear();
      execs->untold = 0;  // nobody tells of those any more
    }
  }
  subscribers_.BreakAll();
  for (auto& [ticket, fail] : std::exchange(unanswered_, {})) fail();
}

// A container of an earlier world. Its processes are in nobody's hands any more; one that left no
// system pid is not known at all.
void World::Adopt(const StoredContainer& stored) {
  if (containers_.contains(stored.key)) return;
  const auto container = std::make_shared<Container>(stored.key);
  container->bundle = stored.bundle;
  container->labels = stored.labels;
  container->runtime = stored.runtime;
  container->created = runtime_.Now();
  for (const StoredProcess& process : stored.processes) {
    if (!process.system_pid) continue;
    next_pid_ = std::max(next_pid_, *process.system_pid + 1);
    auto member = std::make_shared<Member>();
    member->container = container;
    member->process = SimulatedProcess::Gone(
        runtime_, container->shared_key, {.name = process.name, .system_pid = *process.system_pid},
        process.status.value_or(kUnreadableStatus));
    const bool is_init = process.name == kInitName;
    container->members.insert(is_init ? container->members.begin() : container->members.end(),
                              std::move(member));
  }
  if (options_.observer != nullptr) options_.observer->OnContainerAdded(stored.key);
  containers_.emplace(container->key, container);
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
      member->died_with_init = false;  // however it died: told in front of init's exit
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
    runtime_.Post(std::move(guarded));
  } else {
    runtime_.StartTimer(delay, std::move(guarded));
  }
}

void World::Announce(Order order, libcontainerd::UniqueFunction<void()> reply,
                     libcontainerd::UniqueFunction<void()> event, MainLoop::Done done) {
  if (Chosen(order) == Order::kEventFirst) std::swap(reply, event);
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

std::uint64_t World::Draw(std::uint64_t bound) {
  if (draws_seed_ != options_.choices.seed) {
    draws_seed_ = options_.choices.seed;
    draws_ = libcontainerd::Random(draws_seed_);
  }
  return draws_.Below(bound);
}

Order World::Chosen(Order order) {
  if (order != Order::kDrawn) return order;
  return Draw(2) == 0 ? Order::kEventFirst : Order::kReplyFirst;
}

Choices::OomOrder World::Chosen(Choices::OomOrder order) {
  using OomOrder = Choices::OomOrder;
  if (order != OomOrder::kDrawn) return order;
  return std::array{OomOrder::kFree, OomOrder::kBeforeExit, OomOrder::kAfterExit}.at(
      static_cast<std::size_t>(Draw(3)));
}

// The same for all of a container's execs.
Choices::ExecExits World::ExecExitsOf(Container& container) {
  using ExecExits = Choices::ExecExits;
  if (options_.choices.exec_exits != ExecExits::kDrawn) return options_.choices.exec_exits;
  std::optional<ExecExits>& drawn = container.execs.Make().drawn;
  if (!drawn) {
    drawn = std::array{ExecExits::kFree, ExecExits::kBeforeInit, ExecExits::kAfterInit}.at(
        static_cast<std::size_t>(Draw(3)));
  }
  return *drawn;
}

// Distinct and rising: on a virtual clock many events share an instant, and a replay after one
// would lose the rest.
WallTime World::Stamp() {
  if (Planted(Mutant::kTimestampsGoBack)) return runtime_.WallNow() - kMutantsDelay;
  last_stamp_ = std::max(runtime_.WallNow(), last_stamp_ + Duration(1));
  return last_stamp_;
}

void World::EmitNow(EventKind kind, const Container& container, const std::string& process,
                    std::uint32_t status) {
  if (kind == EventKind::kOom && Planted(Mutant::kOomEventLost)) return;
  if (kind == EventKind::kResume && Planted(Mutant::kResumeEventLost)) return;
  Publish(Event{.kind = kind,
                .container = container.key,
                .process = process,
                .status = status,
                .init_pid = container.init_pid,
                .time = Stamp()});
}

void World::Emit(Event event) {
  if (event.time == WallTime{}) event.time = Stamp();
  if (running_) Publish(event);
}

void World::Tell(const Event& event) {
  if (deadlocked_) {
    loop_->Push([](MainLoop::Done) {});  // whoever notifies waits for the lock
    return;
  }
  WorldObserver* const observer = options_.observer;
  if (observer != nullptr) observer->OnEventEmitted(event);
  // The log is a subscriber as any other: whoever subscribes before it has written the event finds
  // it nowhere.
  if (event.kind == EventKind::kExit && Planted(Mutant::kLogMissesEvents)) {
    // told only
  } else if (log_queue_.size() >= options_.subscriber_capacity) {
    if (observer != nullptr) observer->OnEventDropped(event, 0);
  } else {
    log_queue_.Push(event);
    if (!std::exchange(log_pending_, true)) {
      After(options_.choices.log_delay, [this] { WriteLog(); });
    }
  }
  for (const std::uint64_t subscriber : subscribers_.Notify(event)) {
    if (observer != nullptr) observer->OnEventDropped(event, subscriber);
  }
}

void World::Mark(const std::string& id) {
  if (!running_ || deadlocked_) return;
  subscribers_.Notify({.kind = EventKind::kLive, .container = {.id = id}});
}

void World::WriteLog() {
  log_pending_ = false;
  std::swap(log_queue_, log_batch_);  // what a fault emits meanwhile is the next time's
  for (; !log_batch_.empty(); log_batch_.Pop()) WriteToLog(log_batch_.front());
}

std::unique_ptr<Subscription> World::Subscribe(EventFilter filter,
                                               libcontainerd::UniqueFunction<void()> on_ready) {
  if (running_ && (deadlocked_ || ReplayIsTooLong(filter))) {
    // It fills its queue with the lock held that everybody needs, and nobody reads.
    deadlocked_ = true;
    const EventList nothing;
    filter.stored_only = false;
    return subscribers_.Subscribe(std::move(filter), &nothing, std::move(on_ready));
  }
  if (running_ && Planted(Mutant::kReplaySkipsLast)) {
    std::vector<Event> cut = log_.events().Copy();
    if (!cut.empty()) cut.pop_back();
    const EventList stored(std::move(cut));
    return subscribers_.Subscribe(std::move(filter), &stored, std::move(on_ready));
  }
  return subscribers_.Subscribe(std::move(filter), running_ ? &log_.events() : nullptr,
                                std::move(on_ready));
}

bool World::ReplayIsTooLong(const EventFilter& filter) const {
  if (!options_.choices.replay_deadlocks || !filter.after) return false;
  std::size_t matching = 0;
  log_.events().ForEachOf(filter.id, [&](const Event& event) {
    if (event.time > *filter.after && event.container.space == filter.space) ++matching;
  });
  return matching > options_.subscriber_capacity;
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
  for (const MemberPtr& member : container->execs->lingering) {
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
  const Duration until = runtime_.Now() + duration;
  loop_->Push([this, until](MainLoop::Done done) {
    After(std::max(until - runtime_.Now(), Duration::zero()), std::move(done));
  });
}

}  // namespace fake_containerd
