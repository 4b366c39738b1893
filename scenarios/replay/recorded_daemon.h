// RecordedDaemon: the daemon's side of a recording. Answers as the recorded daemon did, sends its
// events, and holds the processes' streams as its shims did — each at the moment when the replayer
// says so.
//
// Requests are matched to recorded ones by method, container, process and purpose, never by
// position, and only to those of calls that have begun. A request that the recording does not have
// is remembered, and answered as a daemon with the same containers would. So are reads of the
// stored events: they tell what has been sent so far, and what the recorded daemon had stored by
// then although nobody listened.
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
  bool events_open() const { return live_.sink != nullptr; }
  // Requests that have arrived and have no answer yet, and event streams that were ever opened.
  std::size_t unanswered() const { return arrived_.size(); }
  std::uint64_t streams_opened() const { return streams_opened_; }
  bool down() const { return down_; }
  // The daemon is not there: streams and requests end with UNAVAILABLE, new streams wait for Up(),
  // new requests fail.
  void Down();
  // After a restart the log is what was stored since the one before.
  void Up(bool restarted);
  // The event stream breaks.
  void BreakStream();
  // The engine died with its requests.
  void ClientGone();
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
  class StreamHandle;
  struct Subscription {
    types::EventsRequest request;
    libcontainerd::EventSink* sink = nullptr;
  };

  using Key = std::vector<std::string>;
  static Key KeyOf(const std::string& method, const google::protobuf::Message& request);

  void Answer(std::size_t rpc, Arrival& arrival);
  void FailArrivals(const std::string& why);
  void Serve(Subscription subscription);
  void Forget(libcontainerd::EventSink* sink);
  std::vector<types::Event> StoredSince(const types::EventsRequest& request);
  void StoreUnheard();
  void Store(const types::Event& event);
  libcontainerd::Status AnswerState(const std::string& id, types::StateResponse& response) const;
  void ProcessStarted(std::size_t rpc);
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
  bool down_ = false;
  Subscription live_;
  std::vector<Subscription> waiting_streams_;  // while the daemon is down
  std::uint64_t streams_opened_ = 0;
  std::deque<types::Event>
      unheard_;  // stored by the recorded daemon with nobody listening, by time
  std::vector<types::Event> log_;
  std::vector<types::Event> log_file_;  // what the next restart finds
  std::set<std::string> stored_;        // events in either, serialized
  std::map<Key, std::deque<std::size_t>> expected_;
  std::map<std::size_t, std::size_t> call_of_rpc_;
  std::set<std::size_t> planned_rpcs_;
  std::map<std::size_t, std::shared_ptr<Arrival>> arrived_;
  std::set<std::size_t> overdue_;                            // to be answered as soon as they come
  std::map<std::size_t, std::shared_ptr<Streams>> streams_;  // by call
  std::map<std::string, types::Container> running_;
  std::vector<Unrecorded> unrecorded_;
  std::vector<std::string> request_differences_;
  std::size_t writes_running_ = 0;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // for steps that come later
};

}  // namespace scenarios
