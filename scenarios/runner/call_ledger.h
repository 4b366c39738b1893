// CallLedger: every request of the client as both ends see it, from its sending to its answer. What
// is on its way will come by itself; what the daemon sits on waits for something: a hold, a fault,
// the clock. Whoever knows one from the other need not wait to find out.
//
// Requests are told from each other by their text only, so of two alike the older one has arrived.
//
// Threads: the executor's.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <string>

namespace scenarios {

class CallLedger {
 public:
  using Ticket = std::uint64_t;  // from 1

  // The client sends it; the client has its answer, or has given it up.
  Ticket Sent(const std::string& text);
  void Answered(Ticket ticket);
  // It has reached the daemon; 0 for a request that nobody knows of. The daemon has answered it.
  Ticket Arrived(const std::string& text);
  void Left(Ticket ticket);

  // Of those sent after `since`: whose request or whose answer is under way.
  std::size_t OnTheWay(Ticket since) const;
  // Of the latest that was sent.
  Ticket last() const { return last_; }
  // Changes whenever anything here does.
  std::uint64_t changes() const { return changes_; }

 private:
  enum class At : std::uint8_t { kOnItsWay, kDaemon, kOnItsWayBack };

  Ticket last_ = 0;
  std::uint64_t changes_ = 0;
  std::map<Ticket, At> open_;
  std::map<std::string, std::deque<Ticket>> sent_;  // not arrived yet
};

}  // namespace scenarios
