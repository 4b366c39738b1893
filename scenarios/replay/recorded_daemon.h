// RecordedDaemon: the daemon's side of a recording. Answers as the recorded daemon did, sends its
// events, and holds the processes' streams as its shims did — each at the moment when the replayer
// says so.
//
// Requests are matched to recorded ones by method, container, process and purpose, never by
// position, and only to those of calls that have begun. A request that the recording does not have
// is remembered, and answered as a daemon with the same containers would.
//
// Threads: the executor's thread.
#pragma once

#include <cstddef>
#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "fake_containerd/world/digest.h"
#include "fake_containerd/world/process_io.h"
#include "libcontainerd/containerd_api.h"
#include "scenarios/recorder.h"
#include "scenarios/replay_plan.h"

namespace scenarios {

class RecordedDaemon final : public libcontainerd::ContainerdApi {
 public:
  // A request that only our client sent.
  struct Unrecorded {
    std::string method;
    std::string id;
    std::string process;
  };

  // All outlive the daemon.
  RecordedDaemon(libcontainerd::Runtime& runtime, Recorder& recorder,
                 fake_containerd::ProcessIo& io, const Recording& recording,
                 const ReplayPlan& plan);
  ~RecordedDaemon() override;

  // --- ContainerdApi, for the server or the loopback.
  libcontainerd::Awaitable<libcontainerd::Status> Unary(libcontainerd::Method method,
                                                        const google::protobuf::Message& request,
                                                        google::protobuf::Message& response,
                                                        libcontainerd::Duration timeout) override;
  std::unique_ptr<libcontainerd::EventStream> Events(types::EventsRequest request,
                                                     libcontainerd::EventSink& sink) override;
  libcontainerd::Awaitable<libcontainerd::Status> CheckHealth(
      libcontainerd::Duration timeout) override;

  // --- The replayer's hand.
  // The requests of that planned call may come from now on.
  void Expect(std::size_t call);
  bool arrived(std::size_t rpc) const { return arrived_.contains(rpc); }
  bool events_open() const { return sink_ != nullptr; }
  // Answers that recorded request, or marks it to be answered as soon as it comes. True if there
  // was one to answer.
  bool Reply(std::size_t rpc);
  // Sends that event. An exit closes the streams of the process first (init: of the whole
  // container). False if nobody listens.
  bool Emit(std::size_t event);
  void Write(std::size_t output);
  void Close(std::size_t eof);
  bool writing() const { return writes_running_ > 0; }
  // The end of the recording: every process lets go of its streams, every waiting request is
  // answered.
  void End();

  const std::vector<Unrecorded>& unrecorded() const { return unrecorded_; }
  // Requests whose body differs from the recorded one.
  const std::vector<std::string>& request_differences() const { return request_differences_; }
  const std::string& stdin_of(std::size_t call) const;

 private:
  struct Arrival;
  struct Streams;

  using Key = std::vector<std::string>;
  static Key KeyOf(const std::string& method, const google::protobuf::Message& request);

  void Answer(std::size_t rpc, Arrival& arrival);
  std::vector<types::Event> StoredAfter(const types::EventsRequest& request) const;
  libcontainerd::Status AnswerUnrecorded(libcontainerd::Method method,
                                         const google::protobuf::Message& request,
                                         google::protobuf::Message& response);
  void OpenStreams(std::size_t rpc, const google::protobuf::Message& request);
  void CloseStream(Streams& streams, fake_containerd::OutputStream stream);
  void CloseStreams(std::size_t call);
  libcontainerd::Awaitable<void> WriteOutput(std::shared_ptr<Streams> streams,
                                             fake_containerd::OutputStream stream,
                                             std::string data);
  libcontainerd::Awaitable<void> DrainStdin(std::shared_ptr<Streams> streams);
  void CompareRequest(std::size_t rpc, const google::protobuf::Message& request);

  libcontainerd::Runtime& runtime_;
  Recorder& recorder_;
  fake_containerd::ProcessIo& io_;
  const Recording& recording_;
  const ReplayPlan& plan_;
  libcontainerd::EventSink* sink_ = nullptr;  // of the live stream
  std::vector<std::size_t> emitted_;          // indices of events, in order
  std::map<Key, std::deque<std::size_t>> expected_;
  std::map<std::size_t, std::size_t> call_of_rpc_;
  std::set<std::size_t> planned_rpcs_;
  std::map<std::size_t, std::shared_ptr<Arrival>> arrived_;
  std::set<std::size_t> overdue_;                            // to be answered as soon as they come
  std::map<std::size_t, std::shared_ptr<Streams>> streams_;  // by call
  std::set<std::string> running_;                            // containers
  std::vector<Unrecorded> unrecorded_;
  std::vector<std::string> request_differences_;
  std::size_t writes_running_ = 0;
};

}  // namespace scenarios
