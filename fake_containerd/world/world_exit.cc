// How processes end, from the kernel's side and from the daemon's, and the order in which it tells.

#include <algorithm>
#include <utility>

#include "fake_containerd/world/world.h"
#include "fake_containerd/world/world_parts.h"

namespace fake_containerd {
namespace {

Event AtAnotherTime(Event event) {
  event.time = {};
  return event;
}

}  // namespace

// The kernel: an init takes everything in its namespace with it.
void World::OnEnded(const MemberPtr& member) {
  const ContainerPtr container = member->container.lock();
  if (!container) return;
  if (files_)
    files_->RecordExit(container->key, member->process->info().name, member->exit_status());
  if (member->is_init()) {
    for (const MemberPtr& other : std::vector<MemberPtr>(container->members)) {
      if (other == member) continue;
      other->died_with_init = !other->process->dead();
      other->process->Kill();
    }
    for (const MemberPtr& other : std::vector<MemberPtr>(container->execs->lingering)) {
      other->process->KillChildren();
    }
    member->process->KillChildren();
  }
  NoticeExit(member, container);
}

void World::OnOom(const MemberPtr& member, bool child) {
  const ContainerPtr container = member->container.lock();
  if (!container || !running_) return;
  Choices::OomOrder order = child ? Choices::OomOrder::kFree : Chosen(options_.choices.oom);
  if (!child && Planted(Mutant::kOomAfterExit)) order = Choices::OomOrder::kAfterExit;
  switch (order) {
    case Choices::OomOrder::kFree:
    case Choices::OomOrder::kDrawn:  // it is none any more
      After(Duration::zero(), [this, container] { PushOom(container); });
      break;
    case Choices::OomOrder::kBeforeExit:
      PushOom(container);  // now: the exit is noticed a step later at the earliest
      break;
    case Choices::OomOrder::kAfterExit:
      member->after_exit.push_back([this, container] { PushOom(container); });
      break;
  }
}

// Nobody asks whether the container is still there.
void World::PushOom(const ContainerPtr& container) {
  loop_->Push([this, container](MainLoop::Done done) {
    EmitNow(EventKind::kOom, *container);
    done();
  });
}

void World::NoticeExit(const MemberPtr& member, const ContainerPtr& container) {
  if (!running_) return;
  const InjectionSubject subject{container->key.id, member->process->info().name};
  injector_->Pass("process.exit", subject,
                  [this, member, container, life = life_](const Injector::Verdict& verdict) {
                    const bool lost = verdict.fault.has_value();  // it can be dropped only
                    if (*life && !verdict.gone && !lost) HearOfExit(member, container);
                  });
}

void World::HearOfExit(const MemberPtr& member, const ContainerPtr& container) {
  After(options_.choices.exit_notice_delay, [this, member, container] {
    if (std::exchange(member->noticed, true)) return;
    loop_->Push([this, member, container](MainLoop::Done done) {
      if (member->is_init()) {
        const bool first = ExecExitsOf(*container) == Choices::ExecExits::kBeforeInit;
        ReapInit(member, container, first, std::move(done));
      } else {
        ReapExec(member, container);
        done();
      }
    });
  });
}

// Its name is free from here on; the event waits for the streams, beside the loop.
void World::ReapExec(const MemberPtr& member, const ContainerPtr& container) {
  if (std::exchange(member->reaped, true)) return;
  std::erase(container->members, member);
  if (files_) files_->RemoveProcess(container->key, member->process->info().name);
  container->execs.Make().lingering.push_back(member);
  ++container->execs.Make().untold;
  member->process->WhenReleased([this, member, container, life = life_] {
    std::erase(container->execs.Make().lingering, member);
    if (!*life) return;
    const bool held = member->died_with_init && !container->init_told &&
                      ExecExitsOf(*container) == Choices::ExecExits::kAfterInit;
    if (held) {
      container->execs.Make().held.push_back(member);
    } else {
      AnnounceExecExit(member, container);
    }
  });
}

void World::AnnounceExecExit(const MemberPtr& member, const ContainerPtr& container) {
  // Two steps, as the real daemon takes the time first and finds the subscribers later: others may
  // pass in between.
  After(Duration::zero(), [this, member, container] {
    const bool late = member->died_with_init && container->init_told;
    const std::optional<std::uint32_t>& override = options_.choices.late_exec_status;
    Event event;
    event.kind = EventKind::kExit;
    event.container = container->key;
    event.process = member->process->info().name;
    if (Planted(Mutant::kExecExitNamesInit)) event.process = kInitName;
    event.init_pid = container->init_pid;
    event.status = late && override ? *override : member->exit_status();
    event.time = Stamp();
    After(Duration::zero(), [this, member, container, event] {
      if (!Planted(Mutant::kExecExitEventLost)) Publish(event);
      if (Planted(Mutant::kExecExitEventTwice)) {
        After(std::chrono::seconds(1), [this, event] { Emit(AtAnotherTime(event)); });
      }
      ExecExitTold(member, container);
    });
  });
}

void World::ExecExitTold(const MemberPtr& member, const ContainerPtr& container) {
  for (auto& then : std::exchange(member->after_exit, {})) then();
  Container::ExecEnds& execs = container->execs.Make();
  if (--execs.untold > 0 || !execs.when_told) return;
  libcontainerd::UniqueFunction<void()> then = std::move(execs.when_told);
  execs.when_told = {};
  then();
}

// One task of the main loop: remove it, wait for its shim, tell. Everything else stands still
// meanwhile.
void World::ReapInit(const MemberPtr& member, const ContainerPtr& container, bool execs_first,
                     MainLoop::Done done) {
  if (std::exchange(member->reaped, true)) return done();
  if (!Planted(Mutant::kStateKeepsGone)) Remove(container);
  if (execs_first) {
    for (const MemberPtr& exec : std::vector<MemberPtr>(container->members)) {
      if (exec != member) ReapExec(exec, container);
    }
  }
  libcontainerd::UniqueFunction<void()> finish = [this, member, container,
                                                  done = std::move(done)]() mutable {
    FinishInit(member, container, std::move(done));
  };
  libcontainerd::UniqueFunction<void()> tell = [container, execs_first,
                                                finish = std::move(finish)]() mutable {
    if (execs_first && container->execs->untold > 0) {
      container->execs.Make().when_told = std::move(finish);
    } else {
      finish();
    }
  };
  member->process->WhenReleased([this, life = life_, tell = std::move(tell)]() mutable {
    if (*life) After(options_.choices.shim_wait, std::move(tell));
  });
}

void World::FinishInit(const MemberPtr& member, const ContainerPtr& container,
                       MainLoop::Done done) {
  std::uint32_t status = member->exit_status();
  if (Planted(Mutant::kExitStatusWrong)) ++status;
  if (!Planted(Mutant::kExitEventLost)) EmitNow(EventKind::kExit, *container, kInitName, status);
  container->init_told = true;
  if (!container->execs->held.empty()) {
    for (const MemberPtr& exec : std::exchange(container->execs.Make().held, {})) {
      AnnounceExecExit(exec, container);
    }
  }
  for (auto& then : std::exchange(member->after_exit, {})) then();
  done();
}

void World::Remove(const ContainerPtr& container) {
  const auto found = containers_.find(container->key);
  if (found == containers_.end() || found->second != container) return;
  containers_.erase(found);
  if (files_) files_->RemoveContainer(container->key);
  if (options_.observer != nullptr) options_.observer->OnContainerRemoved(container->key);
}

}  // namespace fake_containerd
