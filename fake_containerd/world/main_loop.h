// MainLoop: containerd's one task at a time. A task that waits keeps everything behind it waiting, as the real one does.
//
// Threads: the executor's. Destroying it drops what has not begun; a late `done` of the running task is harmless.
#pragma once

#include <utility>

#include "libcontainerd/mailbox.h"
#include "libcontainerd/unique_function.h"

namespace fake_containerd {

class MainLoop {
 public:
  using Done = libcontainerd::UniqueFunction<void()>;
  // Calls `done` once, inside or later.
  using Task = libcontainerd::UniqueFunction<void(Done done)>;

  MainLoop() : mailbox_([](Task task, Done done) { task(std::move(done)); }) {}

  void Push(Task task) { mailbox_.Push(std::move(task)); }
  bool idle() const { return mailbox_.idle(); }

 private:
  libcontainerd::Mailbox<Task> mailbox_;
};

}  // namespace fake_containerd
