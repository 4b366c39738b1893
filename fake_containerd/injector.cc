#include "fake_containerd/injector.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace fake_containerd {

using libcontainerd::Awaitable;
using libcontainerd::ErrorCode;
using libcontainerd::Fail;
using libcontainerd::OneShot;
using libcontainerd::Result;
using libcontainerd::Status;
using libcontainerd::UniqueFunction;

namespace {

constexpr std::uint64_t kMillion = 1'000'000;

// "point@subject" in two.
std::pair<std::string_view, std::string_view> Split(std::string_view spec) {
  const std::size_t at = spec.find('@');
  if (at == std::string_view::npos) return {spec, {}};
  return {spec.substr(0, at), spec.substr(at + 1)};
}

bool Covers(std::string_view wanted, const InjectionSubject& subject) {
  return wanted.empty() || wanted == subject.id || wanted == subject.text();
}

bool Covers(std::string_view spec, std::string_view point, const InjectionSubject& subject) {
  const auto [spec_point, spec_subject] = Split(spec);
  return spec_point == point && Covers(spec_subject, subject);
}

// Health checks are no part of what a test steps through.
bool IsStepped(std::string_view point) {
  if (point == "rpc.Health.executed") return false;
  return point.starts_with("event.") || point.ends_with(".executed");
}

Status CheckHoldable(std::string_view spec) {
  const auto [name, subject] = Split(spec);
  const InjectionPoint* const point = FindInjectionPoint(name);
  const std::string quoted = "\"" + std::string(name) + "\"";
  if (point == nullptr) {
    return Fail(ErrorCode::kInvalidArgument, quoted + ": no such point, the nearest is " +
                                                 std::string(NearestInjectionPoint(name)));
  }
  if (!point->holdable) {
    return Fail(ErrorCode::kInvalidArgument, quoted + ": nothing can be held there");
  }
  if (name.size() < spec.size() && subject.empty()) {
    return Fail(ErrorCode::kInvalidArgument,
                "\"" + std::string(spec) + "\": expected a container's id after @");
  }
  return {};
}

}  // namespace

InjectionSubject InjectionSubject::FromText(const std::string& text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string::npos) return {text, ""};
  return {text.substr(0, slash), text.substr(slash + 1)};
}

bool PointMatches(std::string_view spec, std::string_view point, std::string_view subject) {
  const auto [spec_point, spec_subject] = Split(spec);
  if (spec_point != point) return false;
  return spec_subject.empty() || subject == spec_subject ||
         (subject.starts_with(spec_subject) &&
          subject.substr(spec_subject.size()).starts_with("/"));
}

Injector::Injector(libcontainerd::Runtime& runtime, std::uint64_t seed, Hooks hooks)
    : runtime_(runtime), random_(seed), hooks_(std::move(hooks)) {}

void Injector::Emit(Event event) {
  if (hooks_.emit) hooks_.emit(std::move(event));
}

Status Injector::Hold(std::string_view point) {
  Status holdable = CheckHoldable(point);
  if (!holdable) return holdable;
  if (std::ranges::find(holds_, point) == holds_.end()) holds_.emplace_back(point);
  return {};
}

Result<std::size_t> Injector::Release(std::string_view point, std::optional<std::size_t> count) {
  Status holdable = CheckHoldable(point);
  if (!holdable) return Fail(std::move(holdable).error());
  if (!count) std::erase(holds_, std::string(point));
  return LetGo(
      [point](const Waiting& waiting) {
        return Covers(point, waiting.item.point, waiting.subject);
      },
      count.value_or(std::numeric_limits<std::size_t>::max()));
}

void Injector::ReleaseAll() {
  holds_.clear();
  autonomous_ = true;
  LetGo([](const Waiting&) { return true; }, std::numeric_limits<std::size_t>::max());
}

std::vector<HeldItem> Injector::Held() const {
  std::vector<HeldItem> items;
  items.reserve(waiting_.size());
  for (const Waiting& waiting : waiting_) items.push_back(waiting.item);
  return items;
}

std::size_t Injector::HeldAt(std::string_view point) const {
  return static_cast<std::size_t>(std::ranges::count_if(waiting_, [point](const Waiting& waiting) {
    return Covers(point, waiting.item.point, waiting.subject);
  }));
}

std::size_t Injector::CallsWaiting() const {
  const auto of_call = [](std::string_view point) {
    return point.starts_with("rpc.") || point == "stream.open";
  };
  const auto held = std::ranges::count_if(
      waiting_, [&](const Waiting& waiting) { return of_call(waiting.item.point); });
  const auto delayed = std::ranges::count_if(
      delayed_, [&](const auto& delayed_one) { return of_call(delayed_one.second.point); });
  return static_cast<std::size_t>(held + delayed);
}

void Injector::SetAutonomous(bool autonomous) {
  autonomous_ = autonomous;
  if (!autonomous) return;
  LetGo([](const Waiting& waiting) { return waiting.item.stepped; },
        std::numeric_limits<std::size_t>::max());
}

std::size_t Injector::Step(std::size_t count) {
  return LetGo([](const Waiting& waiting) { return waiting.item.stepped; }, count);
}

// What goes on may bring more to a point, and release things itself: the list is in order before
// the first goes.
std::size_t Injector::LetGo(const std::function<bool(const Waiting&)>& which, std::size_t count) {
  std::vector<Waiting> going;
  std::vector<Waiting> staying;
  for (Waiting& waiting : waiting_) {
    const bool goes = going.size() < count && which(waiting);
    (goes ? going : staying).push_back(std::move(waiting));
  }
  waiting_ = std::move(staying);
  for (Waiting& waiting : going) {
    if (hooks_.released) hooks_.released(waiting.item);
    Judge(waiting.item.point, waiting.subject, std::move(waiting.then));
  }
  return going.size();
}

void Injector::SetFaults(FaultPlan plan) {
  plan_ = std::move(plan);
  rules_.clear();
  for (const FaultRule& rule : plan_.rules()) {
    rules_.push_back({rule, std::vector<std::uint64_t>(rule.terms.size(), 0)});
  }
  if (hooks_.faults_changed) hooks_.faults_changed();
}

void Injector::Seed(std::uint64_t seed) {
  random_ = libcontainerd::Random(seed);
}

void Injector::Pass(std::string_view point, const InjectionSubject& subject,
                    UniqueFunction<void(Verdict)> then) {
  if (crashing_) return then({.gone = true, .fault = {}});
  const bool held = std::ranges::any_of(
      holds_, [&](const std::string& hold) { return Covers(hold, point, subject); });
  const bool stepped = !held && !autonomous_ && IsStepped(point);
  if (!held && !stepped) return Judge(point, subject, std::move(then));
  HeldItem item{.point = std::string(point),
                .subject = subject.text(),
                .ticket = next_ticket_++,
                .stepped = stepped};
  waiting_.push_back({item, subject, std::move(then)});
  if (hooks_.held) hooks_.held(item);
}

void Injector::Judge(std::string_view point, const InjectionSubject& subject,
                     UniqueFunction<void(Verdict)> then) {
  std::optional<FaultTerm> term = DrawTerm(point, subject);
  if (!term) return then({});
  if (term->action == FaultAction::kDelay) {
    const std::uint64_t ticket = next_ticket_++;
    delayed_[ticket] = {std::string(point), std::move(then)};
    runtime_.StartTimer(term->duration, [weak = weak_from_this(), ticket] {
      if (const auto self = weak.lock()) self->Resume(ticket);
    });
    return;
  }
  if (Crash(*term)) return then({.gone = true, .fault = {}});
  if (term->action == FaultAction::kHang) return then({});
  then({.gone = false, .fault = std::move(term)});
}

void Injector::Resume(std::uint64_t ticket) {
  auto found = delayed_.extract(ticket);
  if (!found.empty()) found.mapped().then({});
}

Awaitable<Injector::Verdict> Injector::Passed(std::string point, InjectionSubject subject) {
  const auto passed = std::make_shared<OneShot<Verdict>>(runtime_);
  Pass(point, subject, [passed](Verdict verdict) { passed->Set(std::move(verdict)); });
  co_return co_await passed->Wait();
}

Awaitable<void> Injector::UntilGone() {
  const auto gone = std::make_shared<OneShot<libcontainerd::Unit>>(runtime_);
  delayed_[next_ticket_++] = {"", [gone](const Verdict&) { gone->Set({}); }};
  co_await gone->Wait();
}

Injector::Verdict Injector::Draw(std::string_view point, const InjectionSubject& subject) {
  if (crashing_) return {.gone = true, .fault = {}};
  std::optional<FaultTerm> term = DrawTerm(point, subject);
  if (!term) return {};
  if (Crash(*term)) return {.gone = true, .fault = {}};
  if (term->action == FaultAction::kHang) return {};
  return {.gone = false, .fault = std::move(term)};
}

std::optional<FaultTerm> Injector::DrawTerm(std::string_view point,
                                            const InjectionSubject& subject) {
  for (ActiveRule& active : rules_) {
    if (active.rule.point != point || !Covers(active.rule.subject, subject)) continue;
    for (std::size_t i = 0; i < active.rule.terms.size(); ++i) {
      const FaultTerm& term = active.rule.terms[i];
      if (term.times && active.used[i] >= *term.times) continue;
      if (term.probability && !random_.Chance(*term.probability, kMillion)) continue;
      ++active.used[i];
      if (term.action == FaultAction::kOff) return std::nullopt;
      FaultTerm fires = term;  // a copy: a hook may set another plan
      fired_.push_back({.point = std::string(point),
                        .subject = subject.text(),
                        .term = ToString(fires),
                        .count = active.used[i]});
      if (hooks_.fired) hooks_.fired(fired_.back());
      if (fires.action == FaultAction::kHang && hooks_.hang) hooks_.hang(fires.duration);
      return fires;
    }
  }
  return std::nullopt;
}

bool Injector::Crash(const FaultTerm& term) {
  if (term.action == FaultAction::kPanic) {
    crashing_ = true;
    if (hooks_.panic) hooks_.panic();
    return true;
  }
  if (term.action == FaultAction::kRestart) {
    crashing_ = true;
    if (hooks_.restart) hooks_.restart(term.duration);
    return true;
  }
  return false;
}

void Injector::DropAll() {
  crashing_ = false;
  for (Waiting& waiting : std::exchange(waiting_, {})) {
    if (hooks_.released) hooks_.released(waiting.item);
    waiting.then({.gone = true, .fault = {}});
  }
  for (auto& [ticket, delayed] : std::exchange(delayed_, {}))
    delayed.then({.gone = true, .fault = {}});
}

void Injector::Detach() {
  DropAll();
  hooks_ = {};
  ReleaseAll();
  SetFaults({});
}

}  // namespace fake_containerd
