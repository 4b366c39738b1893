// What the parts of World's implementation share; nobody else includes this.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fake_containerd/world/world.h"
#include "libcontainerd/seldom.h"

namespace fake_containerd {

// A process together with what the daemon knows about it. Its container owns it, as long as it is
// in the table; who deals with its end holds both.
struct World::Member {
  std::weak_ptr<Container> container;
  std::shared_ptr<SimulatedProcess> process;
  bool io_in_bundle = false;            // its FIFOs are there, by their usual names: not kept
  bool noticed = false;                 // the daemon's monitor heard of its death
  bool reaped = false;                  // the loop dealt with it
  bool died_with_init = false;          // an exec killed by the end of its container
  std::optional<std::uint32_t> status;  // instead of the process's own
  std::vector<libcontainerd::UniqueFunction<void()>> after_exit;

  bool is_init() const { return process->info().name == kInitName; }
  std::uint32_t exit_status() const { return status.value_or(process->status()); }
};

struct World::Container {
  explicit Container(ContainerKey its_key)
      : shared_key(std::make_shared<const ContainerKey>(std::move(its_key))), key(*shared_key) {}

  const SharedKey shared_key;
  const ContainerKey& key;
  std::string bundle;
  std::vector<std::string> labels;
  std::string runtime;
  std::string cgroups_path;
  libcontainerd::Seldom<std::map<std::string, std::string>> annotations;
  std::unique_ptr<Resources> resources;  // null: nothing is limited
  Duration created{0};
  // What was counted of it.
  struct Counts {
    std::optional<Duration> paused_since;
    Duration paused_before{0};          // in pauses that are over
    Duration periods_counted_until{0};  // of its running time
    std::uint64_t cpu_periods = 0;      // that passed under a quota
    std::uint64_t memory_failures = 0;  // told already
  };
  libcontainerd::Seldom<Counts> counts;

  bool paused = false;
  bool init_told = false;
  std::uint32_t init_pid = 0;      // 0: not started yet
  std::vector<MemberPtr> members;  // init first; what the daemon's table holds
  // How execs end.
  struct ExecEnds {
    std::vector<MemberPtr> lingering;  // gone from the table; their children hold their streams
    std::size_t untold = 0;            // reaped, exit event not out
    std::optional<Choices::ExecExits> drawn;  // for this container
    libcontainerd::UniqueFunction<void()> when_told;
    std::vector<MemberPtr> held;  // wait for init's exit event
  };
  libcontainerd::Seldom<ExecEnds> execs;

  MemberPtr Find(const std::string& name) const {
    for (const MemberPtr& member : members) {
      if (member->process->info().name == name) return member;
    }
    return nullptr;
  }
  MemberPtr init() const { return Find(kInitName); }
  bool running() const { return init() && !init()->process->dead(); }
};

struct World::Launch {
  ContainerPtr container;
  std::string name;
  ProcessSpec spec;  // init's is filled in from the bundle
  IoPaths io;
  ReadBundle read_bundle;
  std::optional<std::string> checkpoint;
  std::string checkpoint_directory;
  Behaviour behaviour;
  std::unique_ptr<ProcessStreams> streams;

  bool is_init() const { return name == kInitName; }
};

struct World::Start {
  CreateCommand command;
  ContainerPtr container;
  Reply<ContainerPtr> reply;
};

// Why nobody heard of an event, for the observer.
inline constexpr std::string_view kDiedFirst = "the log's too: the daemon died first";

inline Failure MakeFailure(FailureKind kind, const ContainerKey& key, std::string process = "",
                           std::string subject = "") {
  Failure failure;
  failure.kind = kind;
  failure.container = key;
  failure.process = std::move(process);
  failure.subject = std::move(subject);
  return failure;
}

inline tl::unexpected<Failure> Fails(FailureKind kind, const ContainerKey& key,
                                     std::string process = "", std::string subject = "") {
  return tl::unexpected<Failure>(MakeFailure(kind, key, std::move(process), std::move(subject)));
}

// Runs `work` as a task of the main loop and resumes with what it set, or with kDaemonGone.
template <class T>
World::Answer<T> World::Ask(libcontainerd::UniqueFunction<void(Reply<T>, MainLoop::Done)> work) {
  if (!running_) co_return Fails(FailureKind::kDaemonGone, {});
  const Life life = life_;
  const auto reply = std::make_shared<libcontainerd::OneShot<WorldResult<T>>>(runtime_);
  const std::uint64_t ticket = next_ticket_++;
  unanswered_[ticket] = [reply] { reply->Set(Fails(FailureKind::kDaemonGone, {})); };
  loop_->Push([reply, work = std::move(work)](MainLoop::Done done) mutable {
    work(reply, std::move(done));
  });
  WorldResult<T> result = co_await reply->Wait();
  if (*life) unanswered_.erase(ticket);
  co_return result;
}

// The same for work on a container that must be there and that answers at once.
template <class T>
World::Answer<T> World::AskNow(libcontainerd::UniqueFunction<WorldResult<T>(Container&)> work,
                               ContainerKey key) {
  libcontainerd::UniqueFunction<void(Reply<T>, MainLoop::Done)> task =
      [this, key = std::move(key), work = std::move(work)](Reply<T> reply,
                                                           MainLoop::Done done) mutable {
        const ContainerPtr container = FindContainer(key);
        if (container) {
          reply->Set(work(*container));
        } else {
          const bool says_exists = Planted(Mutant::kNotFoundSaysExists);
          reply->Set(Fails(
              says_exists ? FailureKind::kContainerExists : FailureKind::kContainerNotFound, key));
        }
        done();
      };
  Answer<T> answer = Ask<T>(std::move(task));
  co_return co_await std::move(answer);
}

}  // namespace fake_containerd
