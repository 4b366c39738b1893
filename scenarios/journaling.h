// Decorators of the client's ports that write what passes into the journal. The client's core knows
// nothing of them.
//
// A begin is recorded before the decorated call, an end before its caller goes on, so that the
// journal's order is the order in which things could be seen.
//
// Threads: as the ports. Everything decorated outlives its decorator.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "libcontainerd/backend.h"
#include "libcontainerd/bundle_store.h"
#include "libcontainerd/client.h"
#include "libcontainerd/containerd_api.h"
#include "libcontainerd/cursor_store.h"
#include "libcontainerd/stdio.h"
#include "scenarios/recorder.h"

namespace scenarios {

class JournalingContainerdApi final : public libcontainerd::ContainerdApi {
 public:
  JournalingContainerdApi(Recorder& recorder, libcontainerd::ContainerdApi& api)
      : recorder_(recorder), api_(api) {}
  libcontainerd::Awaitable<libcontainerd::Status> Unary(libcontainerd::Method method,
                                                        const google::protobuf::Message& request,
                                                        google::protobuf::Message& response,
                                                        libcontainerd::Duration timeout) override;
  std::unique_ptr<libcontainerd::EventStream> Events(types::EventsRequest request,
                                                     libcontainerd::EventSink& sink) override;
  libcontainerd::Awaitable<libcontainerd::Status> CheckHealth(
      libcontainerd::Duration timeout) override;

 private:
  Recorder& recorder_;
  libcontainerd::ContainerdApi& api_;
};

class JournalingBackend final : public libcontainerd::Backend {
 public:
  JournalingBackend(Recorder& recorder, libcontainerd::Backend& backend)
      : recorder_(recorder), backend_(backend) {}
  void StateChanged(const std::string& id, const libcontainerd::StateInfo& info,
                    libcontainerd::Done done) override;
  void AttachStreams(const std::string& id, const std::string& process, libcontainerd::IoPipe pipe,
                     libcontainerd::Done done) override;

 private:
  Recorder& recorder_;
  libcontainerd::Backend& backend_;
};

// Opens, reads, ends and closes of the engine's streams; FIFOs made and removed.
class JournalingStdio final : public libcontainerd::Stdio {
 public:
  JournalingStdio(Recorder& recorder, libcontainerd::Stdio& stdio)
      : recorder_(recorder), stdio_(stdio) {}
  libcontainerd::Awaitable<libcontainerd::Result<std::unique_ptr<libcontainerd::ProcessStdio>>>
  Open(libcontainerd::StdioPaths paths, bool terminal) override;
  libcontainerd::Awaitable<libcontainerd::Status> Remove(libcontainerd::StdioPaths paths) override;

 private:
  Recorder& recorder_;
  libcontainerd::Stdio& stdio_;
};

class JournalingBundleStore final : public libcontainerd::BundleStore {
 public:
  JournalingBundleStore(Recorder& recorder, libcontainerd::BundleStore& bundles)
      : recorder_(recorder), bundles_(bundles) {}
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
  Recorder& recorder_;
  libcontainerd::BundleStore& bundles_;
};

// What is read from the cursor file, and written to it.
class JournalingCursorStore final : public libcontainerd::CursorStore {
 public:
  JournalingCursorStore(Recorder& recorder, libcontainerd::CursorStore& cursor)
      : recorder_(recorder), cursor_(cursor) {}
  libcontainerd::Awaitable<libcontainerd::Result<std::string>> Read() override;
  libcontainerd::Awaitable<libcontainerd::Status> Write(std::string text) override;

 private:
  Recorder& recorder_;
  libcontainerd::CursorStore& cursor_;
};
// What somebody found in a container's bundle, in any order.
void RecordBundleFiles(Recorder& recorder, const std::string& id, std::vector<std::string> files);

// What a journal cannot see of a call by itself. Trivial, so that a call may stand in a co_await.
struct CallFacts {
  std::optional<libcontainerd::Duration> timeout{};  // unless it is the operation's own
  bool live = false;                                 // a live restore, as far as the call says
  Symbol from_callback_of{};  // the container from whose callback the call is made
};

// What a client tracks, name by name.
void RecordTracked(Recorder& recorder, const std::vector<libcontainerd::TrackedContainer>& tracked);

// A client call on its way through the journal: co_await JournaledCall(recorder, "create", id, "",
// client.Create(…)).
template <class T>
libcontainerd::Awaitable<libcontainerd::Result<T>> JournaledCall(
    Recorder& recorder, std::string operation, std::string id, std::string process,
    libcontainerd::Awaitable<libcontainerd::Result<T>> call, CallFacts facts = {}) {
  Entry entry = recorder.About(EntryKind::kCallBegin, id, process, operation);
  entry.number = recorder.journal().NextNumber();
  entry.flag = facts.live;
  entry.stamp = facts.timeout ? facts.timeout->count() : 0;
  entry.text = facts.from_callback_of;
  recorder.Record(entry);
  libcontainerd::Result<T> result = co_await std::move(call);
  entry.kind = EntryKind::kCallEnd;
  entry.text = Symbol{};
  recorder.RecordEnd(entry, result ? libcontainerd::Status() : libcontainerd::Fail(result.error()));
  co_return result;
}

}  // namespace scenarios
