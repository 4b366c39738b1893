#include "libcontainerd/mailbox.h"

#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace libcontainerd {
namespace {

using DoneFunction = UniqueFunction<void()>;

// A mailbox whose handler keeps every `done` until the test calls it.
struct Held {
  std::vector<int> begun;
  std::vector<DoneFunction> done;
  Mailbox<int> mailbox{[this](int item, DoneFunction finished) {
    begun.push_back(item);
    done.push_back(std::move(finished));
  }};
};

TEST(Mailbox, HandlesItemsInOrderWhenEachIsDoneInside) {
  std::vector<int> handled;
  Mailbox<int> mailbox([&](int item, DoneFunction done) {
    handled.push_back(item);
    done();
  });
  for (int i = 0; i < 5; ++i) mailbox.Push(i);
  EXPECT_EQ(handled, (std::vector<int>{0, 1, 2, 3, 4}));
  EXPECT_TRUE(mailbox.idle());
}

TEST(Mailbox, HandlesOneAtATimeWhenDoneComesLater) {
  Held held;
  for (int i = 0; i < 3; ++i) held.mailbox.Push(i);
  EXPECT_EQ(held.begun, (std::vector<int>{0}));
  EXPECT_EQ(held.mailbox.size(), 3U);
  EXPECT_FALSE(held.mailbox.idle());

  for (std::size_t i = 0; i < 3; ++i) held.done.at(i)();
  EXPECT_EQ(held.begun, (std::vector<int>{0, 1, 2}));
  EXPECT_TRUE(held.mailbox.idle());
}

TEST(Mailbox, APushFromInsideTheHandlerWaitsItsTurn) {
  std::vector<int> log;
  std::optional<Mailbox<int>> mailbox;
  mailbox.emplace([&](int item, DoneFunction done) {
    log.push_back(item);
    if (item == 0) mailbox->Push(1);
    log.push_back(item + 10);
    done();
  });
  mailbox->Push(0);
  EXPECT_EQ(log, (std::vector<int>{0, 10, 1, 11}));
}

TEST(Mailbox, AMillionItemsDoneInsideDoNotDeepenTheStack) {
  int handled = 0;
  std::optional<DoneFunction> first;
  Mailbox<int> mailbox([&](int item, DoneFunction done) {
    ++handled;
    if (item == 0) {
      first = std::move(done);
    } else {
      done();
    }
  });
  for (int i = 0; i < 1000000; ++i) mailbox.Push(i);
  EXPECT_EQ(handled, 1);
  (*first)();
  EXPECT_EQ(handled, 1000000);
}

TEST(Mailbox, DestroyedWhileBusyItDropsTheRestAndALateDoneIsHarmless) {
  auto token = std::make_shared<int>(0);
  std::vector<DoneFunction> done;
  int begun = 0;
  {
    Mailbox<std::shared_ptr<int>> mailbox([&](std::shared_ptr<int>, DoneFunction finished) {
      ++begun;
      done.push_back(std::move(finished));
    });
    mailbox.Push(token);
    mailbox.Push(token);
    EXPECT_EQ(token.use_count(), 2);
  }
  EXPECT_EQ(token.use_count(), 1)
      << "the dropped item goes with the mailbox, not with the late done";
  done.at(0)();
  EXPECT_EQ(begun, 1);
}

TEST(Mailbox, TheHandlerMayDestroyTheMailbox) {
  int begun = 0;
  std::optional<DoneFunction> held;
  std::unique_ptr<Mailbox<int>> mailbox;
  mailbox = std::make_unique<Mailbox<int>>([&](int, DoneFunction done) {
    ++begun;
    if (!held) {
      held = std::move(done);
      return;
    }
    mailbox.reset();
    done();
  });
  for (int i = 0; i < 3; ++i) mailbox->Push(i);
  (*held)();
  EXPECT_EQ(begun, 2);

  // And from inside a push.
  mailbox = std::make_unique<Mailbox<int>>([&](int, DoneFunction done) {
    mailbox.reset();
    done();
  });
  mailbox->Push(1);
  EXPECT_EQ(mailbox, nullptr);
}

}  // namespace
}  // namespace libcontainerd
