#include "libcontainerd/threaded_runtime.h"

#include <future>
#include <optional>
#include <thread>
#include <utility>

#include <pthread.h>
#include <signal.h>

#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>
#include <asio/post.hpp>
#include <asio/steady_timer.hpp>

#include "lib/runtime/blocking_pool.h"

namespace libcontainerd {
namespace {

// Writing to a FIFO whose reader left must be an error code, and the process's signal dispositions
// are not ours: the signal is blocked in the one thread that writes.
void BlockSigpipeInThisThread() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

}  // namespace

void SteppableClock::AdvanceTo(Duration time) {
  const std::lock_guard lock(mutex_);
  if (time.count() > now_.load(std::memory_order_acquire)) {
    now_.store(time.count(), std::memory_order_release);
  }
  for (const auto& [owner, fire_due] : listeners_) fire_due();
}

void SteppableClock::Add(const void* owner, std::function<void()> fire_due) {
  const std::lock_guard lock(mutex_);
  listeners_.emplace_back(owner, std::move(fire_due));
}

void SteppableClock::Remove(const void* owner) {
  const std::lock_guard lock(mutex_);
  std::erase_if(listeners_, [owner](const auto& listener) { return listener.first == owner; });
}

struct ThreadedRuntime::Impl {
  explicit Impl(SteppableClock* stepped)
      : clock(stepped), work(asio::make_work_guard(context)), alarm(context) {
    thread = std::thread([this] {
      BlockSigpipeInThisThread();
      context.run();
    });
  }

  Duration Now() const {
    if (clock != nullptr) return clock->Now();
    return std::chrono::steady_clock::now() - start;
  }

  // Executor thread only, as are the timer members.
  void FireDue() {
    const Duration now = Now();
    while (!timers.empty() && timers.begin()->first.first <= now) {
      const auto entry = timers.begin();
      deadlines.erase(entry->first.second);
      asio::post(context, std::move(entry->second));
      timers.erase(entry);
    }
    Arm();
  }

  void Arm() {
    if (clock != nullptr) return;
    if (timers.empty()) {
      alarm.cancel();
      armed.reset();
      return;
    }
    const Duration next = timers.begin()->first.first;
    if (armed == next) return;
    armed = next;
    alarm.expires_at(start + next);
    alarm.async_wait([this](asio::error_code error) {
      if (error) return;
      armed.reset();
      FireDue();
    });
  }

  SteppableClock* clock;
  const std::chrono::steady_clock::time_point start = std::chrono::steady_clock::now();
  asio::io_context context{1};
  asio::executor_work_guard<asio::io_context::executor_type> work;
  asio::steady_timer alarm;
  std::optional<Duration> armed;
  std::uint64_t next_timer = 1;
  std::map<std::pair<Duration, std::uint64_t>, Task> timers;
  std::map<std::uint64_t, Duration> deadlines;

  mutable std::mutex failure_mutex;
  std::exception_ptr failure;

  std::thread thread;
  BlockingPool pool;
};

ThreadedRuntime::ThreadedRuntime(SteppableClock* clock) : impl_(std::make_unique<Impl>(clock)) {
  if (clock == nullptr) return;
  clock->Add(this, [impl = impl_.get()] {
    std::promise<void> fired;
    asio::post(impl->context, [impl, &fired] {
      impl->FireDue();
      fired.set_value();
    });
    fired.get_future().wait();
  });
}

ThreadedRuntime::~ThreadedRuntime() {
  if (impl_->clock != nullptr) impl_->clock->Remove(this);
  asio::post(impl_->context, [impl = impl_.get()] { impl->context.stop(); });
  impl_->thread.join();
  // Suspended coroutines die with their timers, while the context that they post to still exists.
  impl_->timers.clear();
  impl_->deadlines.clear();
}

asio::any_io_executor ThreadedRuntime::executor() {
  return impl_->context.get_executor();
}

Duration ThreadedRuntime::Now() const {
  return impl_->Now();
}

WallTime ThreadedRuntime::WallNow() const {
  return impl_->clock != nullptr ? impl_->clock->WallNow() : std::chrono::system_clock::now();
}

TimerId ThreadedRuntime::StartTimer(Duration delay, Task task) {
  const std::uint64_t id = impl_->next_timer++;
  const Duration deadline = Now() + std::max(delay, Duration::zero());
  impl_->timers.emplace(std::pair(deadline, id), std::move(task));
  impl_->deadlines.emplace(id, deadline);
  impl_->Arm();
  return TimerId(id);
}

void ThreadedRuntime::CancelTimer(TimerId timer) {
  const auto found = impl_->deadlines.find(static_cast<std::uint64_t>(timer));
  if (found == impl_->deadlines.end()) return;
  const auto entry = impl_->timers.find(std::pair(found->second, found->first));
  impl_->deadlines.erase(found);
  const Task doomed = std::move(entry->second);  // may own what calls back into this object
  impl_->timers.erase(entry);
}

void ThreadedRuntime::RunBlocking(Task work) {
  impl_->pool.Run(std::move(work));
}

void ThreadedRuntime::ReportFailure(std::exception_ptr failure) {
  const std::lock_guard lock(impl_->failure_mutex);
  if (!impl_->failure) impl_->failure = std::move(failure);
}

bool ThreadedRuntime::OnExecutorThread() const {
  return std::this_thread::get_id() == impl_->thread.get_id();
}

void ThreadedRuntime::Drain() {
  std::promise<void> done;
  asio::post(impl_->context, [&done] { done.set_value(); });
  done.get_future().wait();
}

std::exception_ptr ThreadedRuntime::failure() const {
  const std::lock_guard lock(impl_->failure_mutex);
  return impl_->failure;
}

}  // namespace libcontainerd
