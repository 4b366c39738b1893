// FailingPorts: decorators of the engine's side of the machine that fail what a scenario names:
// "bundle.create", "bundle.read", "bundle.remove", "fifos.open", "fifos.remove", "cursor.read",
// "cursor.write", each also with "@ID" where a container is concerned.
//
// Threads: the executor's.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "libcontainerd/bundle_store.h"
#include "libcontainerd/cursor_store.h"
#include "libcontainerd/stdio.h"

namespace scenarios {

// Which points fail, how often and how.
class PortFailures {
 public:
  struct Failure {
    libcontainerd::Error error{};
    std::uint32_t times = 0;  // 0: always
  };
  std::function<void(const std::string& point, const std::string& id,
                     const libcontainerd::Error& error)>
      on_failed{};
  void Set(const std::string& point, Failure failure) { failures_[point] = std::move(failure); }
  void Clear() { failures_.clear(); }
  // Uses one of its times up.
  std::optional<libcontainerd::Error> Take(const std::string& point, const std::string& id = {});

 private:
  std::map<std::string, Failure> failures_;
};

class FailingBundles final : public libcontainerd::BundleStore {
 public:
  FailingBundles(PortFailures& failures, libcontainerd::BundleStore& bundles)
      : failures_(failures), bundles_(bundles) {}
  std::function<void(const std::string& path)> on_removed{};

  std::string PathOf(const std::string& id) const override { return bundles_.PathOf(id); }
  libcontainerd::Awaitable<std::string> Find(std::string id) override {
    return bundles_.Find(std::move(id));
  }
  libcontainerd::Awaitable<libcontainerd::Status> Create(std::string id, std::string config_json,
                                                         libcontainerd::FileOwner root) override;
  libcontainerd::Awaitable<libcontainerd::Result<std::string>> ReadConfig(std::string id) override;
  libcontainerd::Awaitable<libcontainerd::Status> Remove(std::string id) override;
  libcontainerd::Awaitable<libcontainerd::Status> ReleaseRootfs(std::string id) override {
    return bundles_.ReleaseRootfs(std::move(id));
  }

 private:
  libcontainerd::Awaitable<libcontainerd::Status> RemoveAndTell(std::string id);

  PortFailures& failures_;
  libcontainerd::BundleStore& bundles_;
};

class FailingStdio final : public libcontainerd::Stdio {
 public:
  FailingStdio(PortFailures& failures, libcontainerd::Stdio& stdio)
      : failures_(failures), stdio_(stdio) {}
  libcontainerd::Awaitable<libcontainerd::Result<std::unique_ptr<libcontainerd::ProcessStdio>>>
  Open(libcontainerd::StdioPaths paths, bool terminal) override;
  libcontainerd::Awaitable<libcontainerd::Status> Remove(libcontainerd::StdioPaths paths) override;

 private:
  PortFailures& failures_;
  libcontainerd::Stdio& stdio_;
};

// The cursor file. Of an engine that is dead nothing is written any more.
class FailingCursor final : public libcontainerd::CursorStore {
 public:
  FailingCursor(PortFailures& failures, libcontainerd::CursorStore& cursor)
      : failures_(failures), cursor_(cursor) {}
  void Freeze(bool frozen) { frozen_ = frozen; }
  libcontainerd::Awaitable<libcontainerd::Result<std::string>> Read() override;
  libcontainerd::Awaitable<libcontainerd::Status> Write(std::string text) override;

 private:
  PortFailures& failures_;
  libcontainerd::CursorStore& cursor_;
  bool frozen_ = false;
};

}  // namespace scenarios
