#include "scenarios/runner/engine.h"

#include <algorithm>
#include <utility>

namespace scenarios {

using libcontainerd::Awaitable;
using libcontainerd::Done;
using libcontainerd::Status;

std::string Engine::Callback::text() const {
  return id + " " + kind + (process.empty() ? "" : " " + process);
}

bool Engine::Callback::Is(const std::string& name) const {
  return name == kind || name == id + " " + kind || name == text();
}

void Engine::Release(const std::string& name, std::optional<std::size_t> count) {
  if (!count) holds.erase(name);
  std::size_t left = count.value_or(held_.size());
  for (std::size_t i = 0; i < held_.size() && left > 0;) {
    if (!held_[i].callback.Is(name)) {
      ++i;
      continue;
    }
    Held released = std::move(held_[i]);
    held_.erase(held_.begin() + static_cast<std::ptrdiff_t>(i));
    --left;
    const libcontainerd::Error* failure = FailureOf(released.callback);
    released.done(failure == nullptr ? Status() : Status(libcontainerd::Fail(*failure)));
  }
}

std::size_t Engine::HeldAt(const std::string& name) const {
  return static_cast<std::size_t>(
      std::ranges::count_if(held_, [&](const Held& held) { return held.callback.Is(name); }));
}

void Engine::Die() {
  dead_ = true;
  HoldReading(false);
  for (Held& held : std::exchange(held_, {})) held.done(Status());
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
  while (!held_.empty()) Release(held_.front().callback.text());
}

std::vector<std::string> Engine::LinesOf(const std::string& id) const {
  std::vector<std::string> lines;
  for (const std::string& line : lines_) {
    if (line.starts_with(id + " ")) lines.push_back(line.substr(id.size() + 1));
  }
  return lines;
}

std::shared_ptr<Engine::Stream> Engine::stream(const std::string& id, const std::string& process) {
  const auto found = streams_.find(id + "/" + process);
  return found == streams_.end() ? nullptr : found->second;
}

std::size_t Engine::open_outputs() const {
  std::size_t open = 0;
  for (const auto& stream : all_streams_) {
    open += (stream->out.ended ? 0U : 1U) + (stream->err.ended ? 0U : 1U);
  }
  return open;
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
  if (dead_) return done(Status());
  const Callback callback{id, std::string(ContainerStateName(info.state)), info.process};
  std::string line = callback.text();
  const bool exits =
      info.state == ContainerState::kExit || info.state == ContainerState::kExitProcess;
  if (exits) line += " " + std::to_string(info.exit_code);
  if (info.oom_killed) line += " oom";
  const bool begins =
      info.state == ContainerState::kStart || info.state == ContainerState::kRestore;
  if (begins) pids_[id] = info.system_pid;
  lines_.push_back(std::move(line));
  if (on_begin) on_begin(callback.text());
  Finish(callback, std::move(done));
}

void Engine::AttachStreams(const std::string& id, const std::string& process,
                           libcontainerd::IoPipe pipe, Done done) {
  if (dead_) return done(Status());
  const Callback callback{id, "attach", process};
  attaches_.push_back(callback.text());
  if (on_begin) on_begin(callback.text());
  const bool fails = std::ranges::any_of(failing, [&](const auto& failure) {
    const auto times = failing_times.find(failure.first);
    return callback.Is(failure.first) && (times == failing_times.end() || times->second > 0);
  });
  if (!fails) {
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
  Finish(callback, std::move(done));
}

void Engine::Finish(const Callback& callback, Done done) {
  if (std::ranges::any_of(holds, [&](const std::string& name) { return callback.Is(name); })) {
    held_.push_back({callback, std::move(done)});
    return;
  }
  const libcontainerd::Error* failure = FailureOf(callback);
  done(failure == nullptr ? Status() : Status(libcontainerd::Fail(*failure)));
}

// Uses up one of its times.
const libcontainerd::Error* Engine::FailureOf(const Callback& callback) {
  for (const auto& [name, error] : failing) {
    if (!callback.Is(name)) continue;
    const auto times = failing_times.find(name);
    if (times == failing_times.end()) return &error;
    if (times->second == 0) continue;
    --times->second;
    return &error;
  }
  return nullptr;
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
    bytes_read_ += data->size();
  }
}

Awaitable<void> Engine::CloseStdin(std::shared_ptr<Stream> stream) {
  static_cast<void>(co_await stream->in->Close());
}

}  // namespace scenarios
