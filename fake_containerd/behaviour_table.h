// BehaviourTable: which process does what, changeable while the world asks.
//
// Threads: any. A policy runs on the asking thread, without the lock.
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "fake_containerd/behaviour.h"

namespace fake_containerd {

class BehaviourTable {
 public:
  void SetPolicy(BehaviourPolicy policy) {
    const std::lock_guard lock(mutex_);
    policy_ = std::move(policy);
  }
  void Set(std::string id, std::string process, Behaviour behaviour) {
    const std::lock_guard lock(mutex_);
    by_process_[{std::move(id), std::move(process)}] = std::move(behaviour);
  }
  void SetOf(std::string program, Behaviour behaviour) {
    const std::lock_guard lock(mutex_);
    by_program_[std::move(program)] = std::move(behaviour);
  }

  // By process, else by program, else what the policy says, if that says anything.
  std::optional<Behaviour> Of(const ProcessRequest& request) const {
    std::unique_lock lock(mutex_);
    const auto process = by_process_.find({request.container.id, request.process});
    if (process != by_process_.end()) return process->second;
    if (!request.spec.args.empty()) {
      const auto program = by_program_.find(request.spec.args.front());
      if (program != by_program_.end()) return program->second;
    }
    const BehaviourPolicy policy = policy_;
    lock.unlock();
    return policy ? policy(request) : std::nullopt;
  }
  // Forgets everything.
  void Clear() {
    const std::lock_guard lock(mutex_);
    policy_ = nullptr;
    by_process_.clear();
    by_program_.clear();
  }

 private:
  mutable std::mutex mutex_;  // guards the rest
  BehaviourPolicy policy_;
  std::map<std::pair<std::string, std::string>, Behaviour> by_process_;
  std::map<std::string, Behaviour> by_program_;
};

}  // namespace fake_containerd
