#include "scenarios/runner/call_ledger.h"

#include <algorithm>
#include <iterator>

namespace scenarios {

CallLedger::Ticket CallLedger::Sent(const std::string& text) {
  ++changes_;
  open_[++last_] = At::kOnItsWay;
  sent_[text].push_back(last_);
  return last_;
}

void CallLedger::Answered(Ticket ticket) {
  ++changes_;
  open_.erase(ticket);
}

CallLedger::Ticket CallLedger::Arrived(const std::string& text) {
  ++changes_;
  const auto found = sent_.find(text);
  if (found == sent_.end()) return 0;
  // One that the client gave up may have been lost.
  std::deque<Ticket>& tickets = found->second;
  while (!tickets.empty() && !open_.contains(tickets.front())) tickets.pop_front();
  Ticket ticket = 0;
  if (!tickets.empty()) {
    ticket = tickets.front();
    tickets.pop_front();
    open_[ticket] = At::kDaemon;
  }
  if (tickets.empty()) sent_.erase(found);
  return ticket;
}

void CallLedger::Left(Ticket ticket) {
  ++changes_;
  const auto found = open_.find(ticket);
  if (found != open_.end()) found->second = At::kOnItsWayBack;
}

std::size_t CallLedger::OnTheWay(Ticket since) const {
  return static_cast<std::size_t>(
      std::count_if(open_.upper_bound(since), open_.end(),
                    [](const auto& call) { return call.second != At::kDaemon; }));
}

}  // namespace scenarios
