// EventReceipt: how the client tells the event stream's owner that an event has been handled.
//
// The client keeps copies of the receipt wherever something of the event is still to be done: a
// held event, a queued or running callback. When the last copy goes, the event is handled. A client
// that closes with work undone calls Abandon() first: the event then counts as never handled, and
// is delivered again to the next engine.
//
// Threads: the executor's thread.
#pragma once

#include <memory>

namespace libcontainerd {

class PendingEvent {
 public:
  virtual ~PendingEvent() = default;  // handled, unless abandoned
  virtual void Abandon() = 0;
};

// Null where nobody wants to know.
using EventReceipt = std::shared_ptr<PendingEvent>;

}  // namespace libcontainerd
