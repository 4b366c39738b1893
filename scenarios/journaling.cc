#include "scenarios/journaling.h"

#include <algorithm>
#include <filesystem>

#include "fake_containerd/world/digest.h"
#include "libcontainerd/time_text.h"
#include "libcontainerd/wire_time.h"

namespace scenarios {

using libcontainerd::Awaitable;
using libcontainerd::Duration;
using libcontainerd::Result;
using libcontainerd::Status;

namespace {

// The string field of that name, if the message has one: requests name their container `id` and
// their process `pid`.
std::string StringField(const google::protobuf::Message& message, const char* name) {
  const auto* field = message.GetDescriptor()->FindFieldByName(name);
  if (field == nullptr || field->cpp_type() != google::protobuf::FieldDescriptor::CPPTYPE_STRING)
    return {};
  return message.GetReflection()->GetString(message, field);
}

bool ClosesStdin(libcontainerd::Method method, const google::protobuf::Message& request) {
  return method == libcontainerd::Method::kUpdateProcess &&
         static_cast<const types::UpdateProcessRequest&>(request).closestdin();
}

// The bundle's name is the container's id, a FIFO's name begins with the process's.
std::pair<std::string, std::string> OwnerOf(const libcontainerd::StdioPaths& paths) {
  const std::filesystem::path path(paths.in);
  std::string name = path.filename().string();
  constexpr std::string_view kSuffix = "-stdin";
  if (name.ends_with(kSuffix)) name.resize(name.size() - kSuffix.size());
  return {path.parent_path().filename().string(), name};
}

class JournalingEventStream final : public libcontainerd::EventStream,
                                    private libcontainerd::EventSink {
 public:
  JournalingEventStream(Recorder& recorder, libcontainerd::ContainerdApi& api,
                        types::EventsRequest request, libcontainerd::EventSink& sink)
      : recorder_(recorder), sink_(sink) {
    begin_ = recorder_.About(EntryKind::kRpcBegin, request.id(), {}, "Events");
    begin_.number = recorder_.journal().NextNumber();
    begin_.flag = request.storedonly();
    begin_.stamp = libcontainerd::ToWallTime(request.timestamp()).time_since_epoch().count();
    if (!request.has_timestamp()) begin_.text = recorder_.journal().Intern(kLiveOnly);
    recorder_.Record(begin_);
    stream_ = api.Events(std::move(request), *this);
  }
  ~JournalingEventStream() override {
    stream_.reset();
    if (!ended_)
      End(libcontainerd::Fail(libcontainerd::ErrorCode::kCancelled, "cancelled by the client"));
  }

 private:
  void OnEvents(std::span<const types::Event> events) override {
    for (const types::Event& event : events)
      recorder_.RecordDelivery(event, begin_.number, begin_.flag);
    sink_.OnEvents(events);
  }
  void OnEnd(Status status) override {
    End(status);
    sink_.OnEnd(std::move(status));
  }
  void End(const Status& status) {
    ended_ = true;
    Entry entry = begin_;
    entry.kind = EntryKind::kRpcEnd;
    entry.text = Symbol{};
    recorder_.RecordEnd(entry, status);
  }

  Recorder& recorder_;
  libcontainerd::EventSink& sink_;
  Entry begin_;
  bool ended_ = false;
  std::unique_ptr<libcontainerd::EventStream> stream_;
};

// Which process's which stream.
struct StreamName {
  std::string id;
  std::string process;
  std::string stream;
  std::uint64_t opening = 0;
};

class JournalingWriter final : public libcontainerd::StdinWriter {
 public:
  JournalingWriter(Recorder& recorder, StreamName name,
                   std::unique_ptr<libcontainerd::StdinWriter> writer)
      : recorder_(recorder), name_(std::move(name)), writer_(std::move(writer)) {}

  Awaitable<Status> Write(std::string data) override {
    Entry entry = recorder_.About(EntryKind::kStdioWritten, name_.id, name_.process, name_.stream);
    entry.number = data.size();
    recorder_.Record(entry);
    return writer_->Write(std::move(data));
  }
  Awaitable<Status> Close() override {
    Entry entry = recorder_.About(EntryKind::kStdioClosed, name_.id, name_.process, name_.stream);
    entry.number = name_.opening;
    recorder_.Record(entry);
    Status status = co_await writer_->Close();
    entry.flag = true;
    if (status) recorder_.Record(entry);
    co_return status;
  }

 private:
  Recorder& recorder_;
  StreamName name_;
  std::unique_ptr<libcontainerd::StdinWriter> writer_;
};

class JournalingReader final : public libcontainerd::OutputReader {
 public:
  JournalingReader(Recorder& recorder, StreamName name,
                   std::unique_ptr<libcontainerd::OutputReader> reader)
      : recorder_(recorder), name_(std::move(name)), reader_(std::move(reader)) {}

  ~JournalingReader() override {
    if (!ended_ && !closed_) RecordClosed();  // dropped before its end
  }

  Awaitable<Result<std::string>> Read(std::size_t max_bytes) override {
    Result<std::string> data = co_await reader_->Read(max_bytes);
    if (!data) co_return data;
    Entry entry = recorder_.About(EntryKind::kStdioRead, name_.id, name_.process, name_.stream);
    entry.number = data->size();
    if (data->empty()) {
      if (ended_) co_return data;
      ended_ = true;
      entry.kind = EntryKind::kStdioEof;
      entry.number = digest_.total_bytes();
      entry.text = recorder_.journal().Intern(digest_.Hex());
    } else {
      digest_.Update(*data);
    }
    recorder_.Record(entry);
    co_return data;
  }
  void Close() override {
    closed_ = true;
    RecordClosed();
    reader_->Close();
  }

 private:
  void RecordClosed() {
    Entry entry = recorder_.About(EntryKind::kStdioClosed, name_.id, name_.process, name_.stream);
    entry.number = name_.opening;
    recorder_.Record(entry);
  }

  Recorder& recorder_;
  StreamName name_;
  std::unique_ptr<libcontainerd::OutputReader> reader_;
  fake_containerd::Sha256 digest_;
  bool ended_ = false;
  bool closed_ = false;
};

class JournalingProcessStdio final : public libcontainerd::ProcessStdio {
 public:
  JournalingProcessStdio(Recorder& recorder, std::string id, std::string process,
                         std::uint64_t opening, std::unique_ptr<libcontainerd::ProcessStdio> stdio)
      : recorder_(recorder),
        id_(std::move(id)),
        process_(std::move(process)),
        opening_(opening),
        stdio_(std::move(stdio)) {}

  libcontainerd::IoPipe TakePipe() override {
    libcontainerd::IoPipe pipe = stdio_->TakePipe();
    const auto name = [this](const char* stream) {
      return StreamName{id_, process_, stream, opening_};
    };
    pipe.in = std::make_unique<JournalingWriter>(recorder_, name("stdin"), std::move(pipe.in));
    pipe.out = std::make_unique<JournalingReader>(recorder_, name("stdout"), std::move(pipe.out));
    pipe.err = std::make_unique<JournalingReader>(recorder_, name("stderr"), std::move(pipe.err));
    return pipe;
  }
  void PeerOpened() override { stdio_->PeerOpened(); }
  void ProcessGone() override { stdio_->ProcessGone(); }
  void Abandon() override { stdio_->Abandon(); }

 private:
  Recorder& recorder_;
  std::string id_;
  std::string process_;
  std::uint64_t opening_;
  std::unique_ptr<libcontainerd::ProcessStdio> stdio_;
};

}  // namespace

Awaitable<Status> JournalingContainerdApi::Unary(libcontainerd::Method method,
                                                 const google::protobuf::Message& request,
                                                 google::protobuf::Message& response,
                                                 Duration timeout) {
  Entry entry = recorder_.About(EntryKind::kRpcBegin, StringField(request, "id"),
                                StringField(request, "pid"), MethodName(method));
  entry.number = recorder_.journal().NextNumber();
  entry.flag = ClosesStdin(method, request);
  recorder_.Record(entry);
  Status status = co_await api_.Unary(method, request, response, timeout);
  entry.kind = EntryKind::kRpcEnd;
  recorder_.RecordEnd(entry, status);
  co_return status;
}

std::unique_ptr<libcontainerd::EventStream> JournalingContainerdApi::Events(
    types::EventsRequest request, libcontainerd::EventSink& sink) {
  return std::make_unique<JournalingEventStream>(recorder_, api_, std::move(request), sink);
}

Awaitable<Status> JournalingContainerdApi::CheckHealth(Duration timeout) {
  Status status = co_await api_.CheckHealth(timeout);
  recorder_.RecordEnd(recorder_.About(EntryKind::kHealthChecked), status);
  co_return status;
}

void JournalingBackend::StateChanged(const std::string& id, const libcontainerd::StateInfo& info,
                                     libcontainerd::Done done) {
  Entry entry =
      recorder_.About(EntryKind::kCallbackBegin, id, info.process, ContainerStateName(info.state));
  entry.code = info.exit_code;
  entry.pid = info.system_pid;
  entry.flag = info.oom_killed;
  entry.number = recorder_.journal().NextNumber();
  recorder_.Record(entry);
  backend_.StateChanged(
      id, info, [&recorder = recorder_, entry, done = std::move(done)](Status status) mutable {
        entry.kind = EntryKind::kCallbackEnd;
        recorder.RecordEnd(entry, status);
        done(std::move(status));
      });
}

void JournalingBackend::AttachStreams(const std::string& id, const std::string& process,
                                      libcontainerd::IoPipe pipe, libcontainerd::Done done) {
  Entry entry = recorder_.About(EntryKind::kAttachBegin, id, process);
  entry.number = recorder_.journal().NextNumber();
  recorder_.Record(entry);
  backend_.AttachStreams(
      id, process, std::move(pipe),
      [&recorder = recorder_, entry, done = std::move(done)](Status status) mutable {
        entry.kind = EntryKind::kAttachEnd;
        recorder.RecordEnd(entry, status);
        done(std::move(status));
      });
}

Awaitable<Result<std::unique_ptr<libcontainerd::ProcessStdio>>> JournalingStdio::Open(
    libcontainerd::StdioPaths paths, bool terminal) {
  auto [id, process] = OwnerOf(paths);
  auto opened = co_await stdio_.Open(std::move(paths), terminal);
  if (!opened) co_return libcontainerd::Fail(opened.error());
  recorder_.Record(recorder_.About(EntryKind::kFifosCreated, id, process));
  Entry entry = recorder_.About(EntryKind::kStdioOpened, id, process);
  entry.number = recorder_.journal().NextNumber();
  recorder_.Record(entry);
  co_return std::make_unique<JournalingProcessStdio>(recorder_, id, process, entry.number,
                                                     std::move(*opened));
}

Awaitable<Status> JournalingStdio::Remove(libcontainerd::StdioPaths paths) {
  auto [id, process] = OwnerOf(paths);
  Status status = co_await stdio_.Remove(std::move(paths));
  if (status) recorder_.Record(recorder_.About(EntryKind::kFifosRemoved, id, process));
  co_return status;
}

Awaitable<Status> JournalingBundleStore::Create(std::string id, std::string config_json,
                                                libcontainerd::FileOwner root) {
  Status status = co_await bundles_.Create(id, std::move(config_json), root);
  if (status) recorder_.Record(recorder_.About(EntryKind::kBundleCreated, id));
  co_return status;
}

Awaitable<Result<std::string>> JournalingBundleStore::ReadConfig(std::string id) {
  return bundles_.ReadConfig(std::move(id));
}

Awaitable<Status> JournalingBundleStore::Remove(std::string id) {
  Status status = co_await bundles_.Remove(id);
  if (status) recorder_.Record(recorder_.About(EntryKind::kBundleRemoved, id));
  co_return status;
}

Awaitable<Result<std::string>> JournalingCursorStore::Read() {
  Result<std::string> text = co_await cursor_.Read();
  Entry entry = recorder_.About(EntryKind::kCursorRead);
  if (text) entry.text = recorder_.journal().Intern(*text);
  recorder_.RecordEnd(entry, text ? Status() : libcontainerd::Fail(text.error()));
  co_return text;
}

Awaitable<Status> JournalingCursorStore::Write(std::string text) {
  Entry entry = recorder_.About(EntryKind::kCursorWriting);
  entry.number = recorder_.journal().NextNumber();
  entry.text = recorder_.journal().Intern(text);
  entry.stamp =
      libcontainerd::ParseTime(text).value_or(libcontainerd::WallTime()).time_since_epoch().count();
  recorder_.Record(entry);
  Status status = co_await cursor_.Write(std::move(text));
  entry.kind = EntryKind::kCursorWritten;
  entry.failed = !status;
  recorder_.Record(entry);
  co_return status;
}

void RecordTracked(Recorder& recorder,
                   const std::vector<libcontainerd::TrackedContainer>& tracked) {
  recorder.RecordCount("tracked", tracked.size(), kEnd);
  const auto record = [&recorder](const std::string& id, std::string_view process) {
    Entry entry = recorder.About(EntryKind::kTracked, id, process);
    entry.text = recorder.journal().Intern(kEnd);
    recorder.Record(entry);
  };
  for (const libcontainerd::TrackedContainer& container : tracked) {
    record(container.id, {});
    for (const std::string& process : container.processes) record(container.id, process);
  }
}

void RecordBundleFiles(Recorder& recorder, const std::string& id, std::vector<std::string> files) {
  std::ranges::sort(files);
  std::string names;
  for (const std::string& file : files) names.append(names.empty() ? "" : " ").append(file);
  Entry entry = recorder.About(EntryKind::kBundleFiles, id);
  entry.text = recorder.journal().Intern(names);
  recorder.Record(entry);
}

}  // namespace scenarios
