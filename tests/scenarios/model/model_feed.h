// ModelFeed: feeds a ContainerModel in short lines. Each line is a moment of its own, a microsecond
// after the one before; marks count from 1.
//
//   ModelFeed f;
//   f.Created().Exit(7).BundleRemoved().Called(kExit, {.code = 7});
//   EXPECT_THAT(f.Differences(), IsEmpty());
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "scenarios/model/container_model.h"

namespace scenarios::testing {

using libcontainerd::ContainerState;
using libcontainerd::ErrorCode;
inline constexpr ModelName kInitName = 0;
inline constexpr ModelName kE1 = 1;
inline constexpr ModelName kE2 = 2;

struct With {
  ModelName process = 0;
  std::uint32_t code = 0;
  bool oom = false;
};

struct Where {
  EventLife life = EventLife::kPresent;
  std::uint64_t read = 0;
  std::int64_t stamp = 0;  // 0: a new one
};

class ModelFeed {
 public:
  explicit ModelFeed(const ModelOptions& options = {}) : model(options) {}

  ModelFeed& CreateBegun() {
    return Do([&] { model.CreateBegun(++create, now()); });
  }
  ModelFeed& CreateSent() {
    Do([&] { model.AttachEnded(kInitName, false, now()); });
    return Do([&] { model.CreateSent(now()); });
  }
  ModelFeed& CreateAnswered(Answer answer = Answer::kGood) {
    return Do([&] { model.CreateAnswered(answer, now()); });
  }
  ModelFeed& CreateReturned(ErrorCode code = ErrorCode::kOk) {
    return Do([&] { model.CreateReturned(create, code, now()); });
  }
  // Asked for and answered, but not called back yet.
  ModelFeed& Creating() {
    CreateBegun();
    Do([&] { model.BundleMade(now()); });
    return CreateSent().CreateAnswered();
  }
  ModelFeed& Created() { return Creating().Called(ContainerState::kStart).CreateReturned(); }

  ModelFeed& AddBegun(ModelName name) {
    return Do([&] { model.AddBegun(++add, name, now()); });
  }
  ModelFeed& AddSent(ModelName name) {
    return Do([&] { model.AddSent(name, now()); });
  }
  ModelFeed& AddAnswered(ModelName name, Answer answer = Answer::kGood) {
    return Do([&] { model.AddAnswered(name, answer, now()); });
  }
  ModelFeed& Attached(ModelName name, bool failed = false) {
    return Do([&] { model.AttachEnded(name, failed, now()); });
  }
  ModelFeed& AddReturned(ModelName name, ErrorCode code = ErrorCode::kOk) {
    return Do([&] { model.AddReturned(add, name, code, now()); });
  }
  ModelFeed& Adding(ModelName name) {
    return AddBegun(name).AddSent(name).AddAnswered(name).Attached(name);
  }
  ModelFeed& Added(ModelName name) { return Adding(name).AddReturned(name); }

  ModelFeed& ChangeBegun(ContainerState state) {
    return Do([&] { model.ChangeBegun(++change, state, now()); });
  }
  ModelFeed& ChangeReturned(ErrorCode code = ErrorCode::kOk) {
    return Do([&] { model.ChangeReturned(change, code, now()); });
  }
  ModelFeed& RestoreBegun(bool live) {
    return Do([&] { model.RestoreBegun(++restore, live, now()); });
  }
  ModelFeed& RestoreReturned(ErrorCode code = ErrorCode::kOk) {
    return Do([&] { model.RestoreReturned(restore, code, now()); });
  }

  ModelFeed& Event(ModelEventType type, With with = {}, Where where = {}) {
    if (where.stamp == 0) where.stamp = ++stamp;
    const ModelEvent event{type, with.process, with.code, where.stamp, true};
    return Do([&] { model.Delivered(event, where.life, where.read, now()); });
  }
  ModelFeed& Exit(std::uint32_t code, Where where = {}) {
    return Event(ModelEventType::kExit, {.process = kInitName, .code = code}, where);
  }
  ModelFeed& ExecExit(ModelName name, std::uint32_t code, Where where = {}) {
    return Event(ModelEventType::kExit, {.process = name, .code = code}, where);
  }
  ModelFeed& Oom(Where where = {}) { return Event(ModelEventType::kOom, {}, where); }
  ModelFeed& Paused(Where where = {}) { return Event(ModelEventType::kPause, {}, where); }
  ModelFeed& Resumed(Where where = {}) { return Event(ModelEventType::kResume, {}, where); }
  ModelFeed& ReadEnded(std::uint64_t read, bool well = true) {
    return Do([&] { model.ReadEnded(read, well, now()); });
  }
  ModelFeed& StateSaid(StateSays says) {
    return Do([&] { model.StateAnswered(says, now()); });
  }
  ModelFeed& BundleRemoved() {
    return Do([&] { model.BundleRemoved(); });
  }

  ModelFeed& CallbackBegun(ContainerState state, With with = {}) {
    const ModelCallback begun{state, with.process, with.code, with.oom};
    return Do([&] { model.CallbackBegun(++callback, begun, now()); });
  }
  ModelFeed& CallbackEnded(bool failed = false) {
    return Do([&] { model.CallbackEnded(callback, failed, now()); });
  }
  ModelFeed& Called(ContainerState state, With with = {}) {
    return CallbackBegun(state, with).CallbackEnded();
  }
  ModelFeed& Wait(libcontainerd::Duration time) {
    t += time;
    return *this;
  }
  ModelFeed& Rest(std::optional<bool> tracked = std::nullopt) {
    Wait(std::chrono::minutes(1));
    return Do([&] { model.Rest(tracked, now()); });
  }

  // "e1: what", in the order in which they were found.
  std::vector<std::string> Differences() {
    std::vector<std::string> texts;
    for (const ModelDifference& each : model.Take()) {
      texts.push_back((each.process ? "e" + std::to_string(*each.process) + ": " : "") + each.what);
    }
    return texts;
  }

  ContainerModel model;
  std::int64_t stamp = 1000;

 private:
  template <class Step>
  ModelFeed& Do(Step step) {
    t += std::chrono::microseconds(1);
    ++mark;
    step();
    return *this;
  }
  Moment now() const { return {t, mark}; }

  libcontainerd::Duration t{0};
  std::uint64_t mark = 0;
  std::uint64_t create = 0;
  std::uint64_t add = 100;
  std::uint64_t change = 200;
  std::uint64_t restore = 300;
  std::uint64_t callback = 400;
};

}  // namespace scenarios::testing
