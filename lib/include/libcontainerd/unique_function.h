// A move-only std::function: callbacks here own sockets, coroutines and promises, which cannot be
// copied. (std::move_only_function is C++23.) Calling an empty one is a programming error.
#pragma once

#include <memory>
#include <type_traits>
#include <utility>

namespace libcontainerd {

template <class Signature>
class UniqueFunction;

template <class R, class... Args>
class UniqueFunction<R(Args...)> {
 public:
  UniqueFunction() = default;
  template <class F>
  requires(!std::is_same_v<std::remove_cvref_t<F>, UniqueFunction> &&
           std::is_invocable_r_v<R, std::remove_cvref_t<F>&, Args...>) UniqueFunction(F&& function)
      : target_(std::make_unique<Target<std::remove_cvref_t<F>>>(std::forward<F>(function))) {}

  explicit operator bool() const { return target_ != nullptr; }
  R operator()(Args... args) { return target_->Call(std::forward<Args>(args)...); }

 private:
  struct AnyTarget {
    virtual ~AnyTarget() = default;
    virtual R Call(Args... args) = 0;
  };
  template <class F>
  struct Target final : AnyTarget {
    explicit Target(F&& moved) : function(std::move(moved)) {}
    explicit Target(const F& copied) : function(copied) {}
    R Call(Args... args) override { return function(std::forward<Args>(args)...); }
    F function;
  };
  std::unique_ptr<AnyTarget> target_;
};

}  // namespace libcontainerd
