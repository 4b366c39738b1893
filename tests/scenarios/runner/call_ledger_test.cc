// What is on its way, and what the daemon sits on.
#include "scenarios/runner/call_ledger.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <utility>

namespace scenarios {
namespace {

TEST(CallLedger, ACallIsOnItsWayBeforeAndBehindTheDaemon) {
  CallLedger ledger;
  const CallLedger::Ticket sent = ledger.Sent("State web");
  EXPECT_EQ(ledger.OnTheWay(0), 1U);
  const CallLedger::Ticket arrived = ledger.Arrived("State web");
  EXPECT_EQ(arrived, sent);
  EXPECT_EQ(ledger.OnTheWay(0), 0U) << "the daemon has it";
  ledger.Left(arrived);
  EXPECT_EQ(ledger.OnTheWay(0), 1U);
  ledger.Answered(sent);
  EXPECT_EQ(ledger.OnTheWay(0), 0U);
}

TEST(CallLedger, OfTwoAlikeTheOlderOneHasArrived) {
  CallLedger ledger;
  const CallLedger::Ticket first = ledger.Sent("Stats web");
  const CallLedger::Ticket second = ledger.Sent("Stats web");
  EXPECT_EQ(ledger.Arrived("Stats web"), first);
  EXPECT_EQ(ledger.Arrived("Stats web"), second);
  EXPECT_EQ(ledger.Arrived("Stats web"), 0U);
}

TEST(CallLedger, OneThatWasGivenUpDoesNotArriveInAnothersPlace) {
  CallLedger ledger;
  ledger.Answered(ledger.Sent("Stats web"));  // its deadline passed, and it was lost
  const CallLedger::Ticket second = ledger.Sent("Stats web");
  EXPECT_EQ(ledger.Arrived("Stats web"), second);
  EXPECT_EQ(ledger.OnTheWay(0), 0U);
}

TEST(CallLedger, AnAnswerToNobodyIsNotOnItsWay) {
  CallLedger ledger;
  const CallLedger::Ticket sent = ledger.Sent("Signal web/init 9");
  const CallLedger::Ticket arrived = ledger.Arrived("Signal web/init 9");
  ledger.Answered(sent);  // given up
  ledger.Left(arrived);
  ledger.Left(ledger.Arrived("Signal web/init 15"));  // nobody's
  EXPECT_EQ(ledger.OnTheWay(0), 0U);
}

TEST(CallLedger, WhatWasSentBeforeNeedNotBeLookedAt) {
  CallLedger ledger;
  const CallLedger::Ticket lost = ledger.Sent("State");
  EXPECT_EQ(ledger.OnTheWay(lost), 0U);
  ledger.Sent("State");
  EXPECT_EQ(ledger.OnTheWay(lost), 1U);
  EXPECT_EQ(ledger.OnTheWay(ledger.last()), 0U);
}

TEST(CallLedger, EveryStepIsAChange) {
  CallLedger ledger;
  std::uint64_t before = ledger.changes();
  const auto changed = [&] { return std::exchange(before, ledger.changes()) != before; };
  const CallLedger::Ticket ticket = ledger.Sent("State");
  EXPECT_TRUE(changed());
  ledger.Arrived("State");
  EXPECT_TRUE(changed());
  ledger.Left(ticket);
  EXPECT_TRUE(changed());
  ledger.Answered(ticket);
  EXPECT_TRUE(changed());
  EXPECT_FALSE(changed());
}

}  // namespace
}  // namespace scenarios
