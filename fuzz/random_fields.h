// RandomFields: draws values for the fields of actions and of setups, such as are worth trying.
//
// The values come from small sets — containers w0 to w2, processes init, e1 and e2, the points,
// words and codes that there are, few durations — so that actions which were drawn apart have
// something to do with each other.
//
//   RandomFields draw(random, action::Signal::kWord);
//   action::Signal::Fields(signal, draw);
//
// Threads: one at a time.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "libcontainerd/random.h"
#include "scenarios/actions/fields.h"
#include "scenarios/actions/looking.h"

namespace fuzz {

class RandomFields {
 public:
  // All fields that are required, and some of the others. `owner` is an action's word or "setup".
  RandomFields(libcontainerd::Random& random, std::string_view owner)
      : random_(random), owner_(owner) {}
  // Only the field with this index.
  RandomFields(libcontainerd::Random& random, std::string_view owner, std::size_t only)
      : random_(random), owner_(owner), only_(only) {}

  template <class T>
  void operator()(const scenarios::FieldInfo& info, T& member) {
    const std::size_t index = fields_++;
    if (only_ ? *only_ != index : !info.required && !random_.Chance(1, 4)) return;
    if (IsNotDrawn(info.name)) return;
    field_ = info.name;
    Draw(member);
  }

  // That there were.
  std::size_t fields() const { return fields_; }

 private:
  // What makes guarantees break on purpose, what is not for this transport, what is expected.
  bool IsNotDrawn(std::string_view field) const;

  void Draw(std::string& value);
  void Draw(bool& value) { value = random_.Chance(1, 2); }
  void Draw(std::uint32_t& value);
  void Draw(std::int64_t& value);
  void Draw(std::uint64_t& value);
  void Draw(libcontainerd::Duration& value);
  void Draw(scenarios::JsonText& value);
  void Draw(std::vector<std::string>& values);
  void Draw(std::map<std::string, libcontainerd::Duration>& values);
  void Draw(std::map<std::string, std::uint64_t>& values);
  template <class T>
  void Draw(std::map<std::string, T>&) {}  // of expectations
  template <class T>
  void Draw(std::optional<T>& value) {
    if (only_ && value && random_.Chance(1, 3)) return value.reset();
    Draw(value.emplace());
  }

  std::string Point() const;

  libcontainerd::Random& random_;
  std::string_view owner_;
  std::optional<std::size_t> only_{};
  std::size_t fields_ = 0;
  std::string_view field_{};
};

std::string RandomId(libcontainerd::Random& random);
std::string RandomProcess(libcontainerd::Random& random);
// "event.exit@w0=1*drop; rpc.State.received=2*error(UNAVAILABLE:busy)", or ""
std::string RandomPlan(libcontainerd::Random& random);
// One that a scenario file can have; never about a call, whose labels belong to whole scenarios.
scenarios::action::Condition RandomCondition(libcontainerd::Random& random);

}  // namespace fuzz
