// Mailbox: a serial queue. Handles one item at a time, in order of arrival; the next begins when
// the handler says that the one before is done. Costs nothing at rest and no coroutine per item.
//
// Threads: the executor's thread; `done` may be called inside the handler or later. The handler may
// push, and may destroy the mailbox.
#pragma once

#include <cstddef>
#include <memory>
#include <utility>

#include "libcontainerd/light_queue.h"
#include "libcontainerd/unique_function.h"

namespace libcontainerd {

template <class Item>
class Mailbox {
 public:
  // Called for each item; `done` must be called exactly once.
  using Handler = UniqueFunction<void(Item&& item, UniqueFunction<void()>&& done)>;

  explicit Mailbox(Handler handler) : state_(std::make_shared<State>()) {
    state_->handler = std::move(handler);
  }
  // Items not yet begun are dropped; a late `done` of the running one is harmless.
  ~Mailbox() {
    state_->closed = true;
    const LightQueue<Item> dropped = std::exchange(state_->queue, {});
  }
  Mailbox(const Mailbox&) = delete;
  Mailbox& operator=(const Mailbox&) = delete;

  // An item that nothing stands before is never queued.
  void Push(Item item) {
    const std::shared_ptr<State> state = state_;  // the handler may destroy the mailbox
    if (state->busy || state->pumping) {
      state->queue.push_back(std::move(item));
      return;
    }
    state->pumping = true;
    Begin(state, std::move(item));
    state->pumping = false;
    Pump(state);
  }
  bool idle() const { return !state_->busy && state_->queue.empty(); }
  std::size_t size() const { return state_->queue.size() + (state_->busy ? 1 : 0); }

 private:
  struct State {
    Handler handler;
    LightQueue<Item> queue;
    bool busy = false;
    bool pumping = false;
    bool closed = false;
  };

  // A loop rather than a recursion: handlers that are done at once must not deepen the stack. The
  // state is held by value: the handler may destroy the mailbox.
  static void Pump(std::shared_ptr<State> state) {
    if (state->pumping) return;
    state->pumping = true;
    while (!state->busy && !state->closed && !state->queue.empty()) {
      Item item = std::move(state->queue.front());
      state->queue.pop_front();
      Begin(state, std::move(item));
    }
    state->pumping = false;
  }

  static void Begin(const std::shared_ptr<State>& state, Item&& item) {
    state->busy = true;
    state->handler(std::move(item), [state] {
      state->busy = false;
      Pump(state);
    });
  }

  std::shared_ptr<State> state_;
};

}  // namespace libcontainerd
