#include "libcontainerd/threaded_runtime.h"

#include <future>
#include <optional>
#include <random>
#include <thread>
#include <utility>

#include <pthread.h>
#include <signal.h>

#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>
#include <asio/post.hpp>
#include <asio/steady_timer.hpp>

#include "lib/runtime/blocking_pool.h"
#include "lib/runtime/timer_queue.h"
#include "libcontainerd/random.h"

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

// Each round is behind what the one before has submitted. All are one change of threads.
void PostRound(asio::io_context& context, int rounds, std::promise<void> done) {
  asio::post(context, [&context, rounds, done = std::move(done)]() mutable {
    if (rounds > 1) {
      PostRound(context, rounds - 1, std::move(done));
    } else {
      done.set_value();
    }
  });
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

// Of the members the context dies last but for the timers: what it still holds then may cancel
// some.
struct ThreadedRuntime::Impl {
  explicit Impl(SteppableClock* stepped)
      : clock(stepped), work(asio::make_work_guard(context)), alarm(context) {
    thread = std::thread([this] {
      BlockSigpipeInThisThread();
      RunContext();
    });
  }

  void RunContext() {
    while (!context.stopped()) {
      try {
        context.run();
      } catch (...) {
        Report(std::current_exception());
      }
    }
  }

  void Report(std::exception_ptr escaped) {
    const std::lock_guard lock(failure_mutex);
    if (!failure) failure = std::move(escaped);
  }

  Duration Now() const {
    if (clock != nullptr) return clock->Now();
    return std::chrono::steady_clock::now() - start;
  }

  // Executor thread only, as are the timer members.
  void FireDue() {
    const Duration now = Now();
    while (const std::optional<TimerId> timer = timers.PopDue(now)) {
      asio::post(context, [this, timer = *timer] { timers.Run(timer); });
    }
    Arm();
  }

  void Arm() {
    if (clock != nullptr || ending) return;
    const std::optional<Duration> next = timers.Next();
    if (armed == next) return;
    armed = next;
    alarm.cancel();
    if (!next) return;
    alarm.expires_at(start + *next);
    alarm.async_wait([this](asio::error_code error) {
      if (error) return;
      armed.reset();
      FireDue();
    });
  }

  SteppableClock* clock;
  const std::chrono::steady_clock::time_point start = std::chrono::steady_clock::now();
  TimerQueue timers;
  Random random{std::random_device{}()};  // executor thread only
  std::optional<Duration> armed;
  bool ending = false;

  std::mutex failure_mutex;
  std::exception_ptr failure;

  // Not with a concurrency hint of 1: Asio would then keep what the executor's own thread posts in
  // a second queue, and the order of submission would be lost.
  asio::io_context context;
  asio::executor_work_guard<asio::io_context::executor_type> work;
  asio::steady_timer alarm;
  BlockingPool pool;
  std::thread thread;
};

ThreadedRuntime::ThreadedRuntime(SteppableClock* clock) : impl_(std::make_unique<Impl>(clock)) {
  if (clock == nullptr) return;
  clock->Add(this, [impl = impl_.get()] {
    std::promise<void> promise;
    const std::future<void> fired = promise.get_future();
    asio::post(impl->context, [impl, promise = std::move(promise)]() mutable {
      impl->FireDue();
      promise.set_value();
    });
    fired.wait();
  });
}

ThreadedRuntime::~ThreadedRuntime() {
  impl_->pool.Finish();
  if (impl_->clock != nullptr) impl_->clock->Remove(this);
  asio::post(impl_->context, [impl = impl_.get()] { impl->context.stop(); });
  impl_->thread.join();
  // Nothing runs any more, so this thread may do what is the executor's. Unwinding a coroutine
  // posts, and starts or cancels perhaps; what was posted dies with the context.
  impl_->ending = true;
  do {
    impl_->timers.Clear();
    UnwindSuspended();
  } while (!impl_->timers.empty());
}

asio::any_io_executor ThreadedRuntime::executor() {
  return impl_->context.get_executor();
}

void ThreadedRuntime::Post(Task step) {
  asio::post(impl_->context, std::move(step));
}

Duration ThreadedRuntime::Now() const {
  return impl_->Now();
}

WallTime ThreadedRuntime::WallNow() const {
  return impl_->clock != nullptr ? impl_->clock->WallNow() : std::chrono::system_clock::now();
}

std::uint64_t ThreadedRuntime::Draw() {
  return impl_->random.Next();
}

TimerId ThreadedRuntime::StartTimer(Duration delay, Task task) {
  const Duration deadline = TimerQueue::Deadline(Now(), delay);
  const TimerId timer = impl_->timers.Start(deadline, std::move(task));
  if (delay <= Duration::zero()) {
    impl_->FireDue();  // a stepped clock would not say that it is due
  } else {
    impl_->Arm();
  }
  return timer;
}

void ThreadedRuntime::CancelTimer(TimerId timer) {
  impl_->timers.Cancel(timer);
}

void ThreadedRuntime::RunBlocking(Task work) {
  impl_->pool.Run([impl = impl_.get(), work = std::move(work)]() mutable {
    try {
      work();
    } catch (...) {
      impl->Report(std::current_exception());
    }
  });
}

void ThreadedRuntime::ReportFailure(std::exception_ptr failure) {
  impl_->Report(std::move(failure));
}

std::optional<Duration> ThreadedRuntime::NextTimer() const {
  return impl_->timers.Next();
}

bool ThreadedRuntime::OnExecutorThread() const {
  return std::this_thread::get_id() == impl_->thread.get_id();
}

void ThreadedRuntime::Drain(int rounds) {
  // The promise is the executor's: on this stack it could die while set_value() is still inside it.
  std::promise<void> promise;
  const std::future<void> done = promise.get_future();
  PostRound(impl_->context, rounds, std::move(promise));
  done.wait();
}

std::size_t ThreadedRuntime::blocking_work() const {
  return impl_->pool.unfinished();
}

std::exception_ptr ThreadedRuntime::failure() const {
  const std::lock_guard lock(impl_->failure_mutex);
  return impl_->failure;
}

}  // namespace libcontainerd
