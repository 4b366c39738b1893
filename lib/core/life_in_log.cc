#include "lib/core/life_in_log.h"

#include <algorithm>
#include <iterator>
#include <span>
#include <utility>

#include "lib/core/event.h"
#include "libcontainerd/backend.h"

namespace libcontainerd {
namespace {

using Events = std::span<const types::Event>;

// The index after the last init exit before `end`; 0 if there is none.
std::size_t AfterLastInitExit(Events log, std::size_t end) {
  while (end > 0 && !IsInitExit(log[end - 1])) --end;
  return end;
}

// Only a living container causes these. An oom or an exec's exit may come after init's exit.
bool ShowsALife(const types::Event& event) {
  return event.type() == kStartContainerEvent || event.type() == kStartProcessEvent ||
         event.type() == kPauseEvent || event.type() == kResumeEvent;
}

// The events of a life, in parts: what stands before its start-container may be the last life's.
struct Parts {
  Events whole;
  std::optional<std::size_t> start;  // its last start-container
  bool cut = false;                  // the log reaches back neither to that nor to the exit before

  bool SurelyOwn(std::size_t index) const { return cut || (start && index >= *start); }
};

Parts Divide(Events log, std::size_t begin, std::size_t end) {
  Parts parts;
  parts.whole = log.subspan(begin, end - begin);
  for (std::size_t i = 0; i < parts.whole.size(); ++i) {
    if (parts.whole[i].type() == kStartContainerEvent) parts.start = i;
  }
  parts.cut = begin == 0 && !parts.start;
  return parts;
}

void ReadExecs(const Parts& parts, LifeInLog& life) {
  for (std::size_t i = 0; i < parts.whole.size(); ++i) {
    const types::Event& event = parts.whole[i];
    if (event.type() == kStartProcessEvent) {
      std::erase(life.execs, event.pid());  // its name's last bearer: that exit was lost
      life.execs.push_back(event.pid());
    } else if (event.type() == kExitEvent && event.pid() != kInitProcess) {
      const auto started = std::ranges::find(life.execs, event.pid());
      const bool own = started != life.execs.end() || parts.SurelyOwn(i);
      if (started != life.execs.end()) life.execs.erase(started);
      if (own) life.exec_exits.push_back(event);
    }
  }
}

// After all but the last start-container: the exit in front of it is lost.
std::size_t AfterEarlierStarts(Events log, std::size_t begin, std::size_t end) {
  bool behind = false;  // the last one was passed
  for (std::size_t i = end; i > begin; --i) {
    if (log[i - 1].type() != kStartContainerEvent) continue;
    if (behind) return i;
    behind = true;
  }
  return begin;
}

LifeInLog Read(Events log, std::size_t begin, std::size_t end) {
  begin = AfterEarlierStarts(log, begin, end);
  const Parts parts = Divide(log, begin, end);
  LifeInLog life;
  // Nothing shows another life in front of the log's first start-container.
  const std::size_t own = begin == 0 ? 0 : parts.start.value_or(0);
  for (const types::Event& event : parts.whole.subspan(own)) {
    if (event.type() == kOomEvent) life.ooms.push_back(event);
    if (event.type() == kPauseEvent || event.type() == kResumeEvent) {
      life.paused = event.type() == kPauseEvent;
    }
  }
  life.oom = !life.ooms.empty();
  ReadExecs(parts, life);
  life.known = std::ranges::any_of(parts.whole, ShowsALife) || (begin == 0 && end > 0);
  return life;
}

}  // namespace

LifeInLog LifeOfRunning(const std::vector<types::Event>& log) {
  const std::size_t begin = AfterLastInitExit(log, log.size());
  LifeInLog life = Read(log, begin, log.size());
  if (begin == 0 || !log[begin - 1].has_timestamp()) return life;
  const WallTime before = TimestampOf(log[begin - 1]);
  const bool clock_ran_on =
      std::all_of(log.begin() + static_cast<std::ptrdiff_t>(begin), log.end(),
                  [&](const types::Event& event) { return TimestampOf(event) > before; });
  if (clock_ran_on) life.began_after = before;
  return life;
}

LifeInLog LifeOfGone(const std::vector<types::Event>& log) {
  const std::size_t after_exit = AfterLastInitExit(log, log.size());
  LifeInLog begun = Read(log, after_exit, log.size());
  if (begun.known || after_exit == 0) return begun;
  const std::size_t exit = after_exit - 1;
  LifeInLog life = Read(log, AfterLastInitExit(log, exit), exit);
  life.known = true;
  life.exit_status = log[exit].status();
  return life;
}

std::vector<types::Event> MergeEvents(std::vector<types::Event> log,
                                      const std::vector<types::Event>& others) {
  SeenEvents in_log(log.size() + others.size());
  // What the daemon told twice stands there twice.
  std::erase_if(log, [&](const types::Event& event) { return !in_log.Insert(event); });
  std::vector<types::Event> merged;
  std::vector<types::Event> missing;
  for (const types::Event& event : others) {
    if (!in_log.Insert(event)) continue;
    const bool lost =
        !log.empty() && event.has_timestamp() && TimestampOf(event) < TimestampOf(log.front());
    (lost ? merged : missing).push_back(event);
  }
  auto rest = log.begin();
  const auto take = [&](auto end) {
    merged.insert(merged.end(), std::make_move_iterator(rest), std::make_move_iterator(end));
    rest = end;
  };
  for (types::Event& event : missing) {
    auto place = log.end();
    while (place != rest && event.has_timestamp() &&
           TimestampOf(*std::prev(place)) > TimestampOf(event)) {
      --place;
    }
    take(place);
    merged.push_back(std::move(event));
  }
  take(log.end());
  return merged;
}

}  // namespace libcontainerd
