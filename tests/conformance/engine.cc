#include "tests/conformance/engine.h"

#include <algorithm>
#include <utility>

namespace drydock_tests {

using libcontainerd::Awaitable;
using libcontainerd::Done;
using libcontainerd::Status;

void Engine::Release(const std::string& name) {
  holds.erase(name);
  const auto found = held_.find(name);
  if (found == held_.end()) return;
  Done done = std::move(found->second);
  held_.erase(found);
  Finish(name, std::move(done));
}

void Engine::HoldReading(bool held) {
  reading_held_ = held;
  if (held) return;
  for (const auto& waiting : std::exchange(waiting_to_read_, {})) waiting->Set({});
}

Awaitable<void> Engine::WaitToRead() {
  while (reading_held_) {
    auto waiting = std::make_shared<libcontainerd::OneShot<libcontainerd::Unit>>(runtime_);
    waiting_to_read_.push_back(waiting);
    co_await waiting->Wait();
  }
}

void Engine::ReleaseAll() {
  HoldReading(false);
  holds.clear();
  while (!held_.empty()) Release(std::string(held_.begin()->first));
}

std::vector<std::string> Engine::LinesOf(const std::string& id) const {
  std::vector<std::string> lines;
  for (const std::string& line : lines_) {
    if (line.starts_with(id + " ")) lines.push_back(line.substr(id.size() + 1));
  }
  return lines;
}

Engine::Stream* Engine::stream(const std::string& id, const std::string& process) {
  const auto found = streams_.find(id + "/" + process);
  return found == streams_.end() ? nullptr : found->second.get();
}

bool Engine::all_ended() const {
  return std::ranges::all_of(
      all_streams_, [](const auto& stream) { return stream->out.ended && stream->err.ended; });
}

Awaitable<void> Engine::Close() {
  for (const auto& stream : all_streams_) {
    if (!stream->out.ended) stream->out_reader->Close();
    if (!stream->err.ended) stream->err_reader->Close();
  }
  co_await reading_.Join();
  streams_.clear();
  all_streams_.clear();
}

void Engine::StateChanged(const std::string& id, const libcontainerd::StateInfo& info, Done done) {
  using libcontainerd::ContainerState;
  std::string name = id + " " + std::string(ContainerStateName(info.state));
  if (!info.process.empty()) name += " " + info.process;
  std::string line = name;
  const bool exits =
      info.state == ContainerState::kExit || info.state == ContainerState::kExitProcess;
  if (exits) line += " " + std::to_string(info.exit_code);
  if (info.oom_killed) line += " oom";
  const bool begins =
      info.state == ContainerState::kStart || info.state == ContainerState::kRestore;
  if (begins) pids_[id] = info.system_pid;
  lines_.push_back(std::move(line));
  if (on_begin) on_begin(name);
  Finish(name, std::move(done));
}

void Engine::AttachStreams(const std::string& id, const std::string& process,
                           libcontainerd::IoPipe pipe, Done done) {
  const std::string name = id + " attach " + process;
  if (on_begin) on_begin(name);
  if (!failing.contains(name)) {
    auto stream = std::make_shared<Stream>();
    stream->in = std::move(pipe.in);
    stream->out_reader = std::move(pipe.out);
    stream->err_reader = std::move(pipe.err);
    stream->terminal = pipe.terminal;
    streams_[id + "/" + process] = stream;
    all_streams_.push_back(stream);
    if (closes_stdin_at_attach) reading_.Spawn(CloseStdin(stream));
    reading_.Spawn(Read(stream, true));
    reading_.Spawn(Read(stream, false));
  }
  Finish(name, std::move(done));
}

void Engine::Finish(const std::string& name, Done done) {
  if (holds.contains(name)) {
    held_.emplace(name, std::move(done));
    return;
  }
  const auto failure = failing.find(name);
  if (failure == failing.end()) {
    done(Status());
  } else {
    done(libcontainerd::Fail(failure->second));
  }
}

Awaitable<void> Engine::Read(std::shared_ptr<Stream> stream, bool out) {
  constexpr std::size_t kChunk = 65536;
  libcontainerd::OutputReader& reader = out ? *stream->out_reader : *stream->err_reader;
  Output& output = out ? stream->out : stream->err;
  while (true) {
    co_await WaitToRead();
    auto data = co_await reader.Read(kChunk);
    if (!data) output.error = data.error().message;
    output.ended = !data || data->empty();
    if (output.ended) co_return;
    output.text += *data;
  }
}

Awaitable<void> Engine::CloseStdin(std::shared_ptr<Stream> stream) {
  static_cast<void>(co_await stream->in->Close());
}

}  // namespace drydock_tests
