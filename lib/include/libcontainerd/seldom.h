// Seldom: a value that very many objects could have and few ever do: it is made when somebody first
// asks to change it, and costs a pointer until then.
//
// Threads: one at a time.
#pragma once

#include <memory>

namespace libcontainerd {

template <class Value>
class Seldom {
 public:
  Seldom() = default;
  Seldom(const Seldom& other)
      : value_(other.value_ ? std::make_unique<Value>(*other.value_) : nullptr) {}
  Seldom(Seldom&& other) noexcept = default;
  Seldom& operator=(Seldom other) noexcept {
    value_.swap(other.value_);
    return *this;
  }
  ~Seldom() = default;

  // As it is, or as a new one would be.
  const Value& get() const {
    static const Value kNew{};
    return value_ ? *value_ : kNew;
  }
  const Value* operator->() const { return &get(); }
  Value& Make() {
    if (!value_) value_ = std::make_unique<Value>();
    return *value_;
  }
  // Null as long as nobody made it: nothing to take away.
  Value* IfMade() { return value_.get(); }

 private:
  std::unique_ptr<Value> value_;
};

}  // namespace libcontainerd
