// MainLoop: containerd's one task at a time. A task that waits keeps everything behind it waiting,
// as the real one does.
//
// Each task begins as a step of its own, so that whoever pushed it is already waiting for its
// answer. Threads: the executor's. Destroying it drops what has not begun; a late `done` of the
// running task is harmless.
#pragma once

#include <memory>
#include <utility>

#include "libcontainerd/mailbox.h"
#include "libcontainerd/runtime.h"
#include "libcontainerd/unique_function.h"

namespace fake_containerd {

class MainLoop {
 public:
  using Done = libcontainerd::UniqueFunction<void()>;
  // Calls `done` once, inside or later.
  using Task = libcontainerd::UniqueFunction<void(Done done)>;

  explicit MainLoop(libcontainerd::Runtime& runtime)
      : mailbox_([&runtime, alive = std::weak_ptr<int>(alive_)](Task&& task, Done&& done) {
          runtime.Post([alive, task = std::move(task), done = std::move(done)]() mutable {
            if (!alive.expired()) task(std::move(done));
          });
        }) {}

  void Push(Task task) { mailbox_.Push(std::move(task)); }
  bool idle() const { return mailbox_.idle(); }

 private:
  std::shared_ptr<int> alive_ = std::make_shared<int>();
  libcontainerd::Mailbox<Task> mailbox_;
};

}  // namespace fake_containerd
