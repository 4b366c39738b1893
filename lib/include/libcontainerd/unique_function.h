// A move-only std::function: callbacks here own sockets, coroutines and promises, which cannot be
// copied. (std::move_only_function is C++23.) Calling an empty one is a programming error.
//
// What fits into kInside bytes and can be moved without throwing is kept inside; only larger things
// are allocated. A step of an executor, a callback's `done` and a timer's task are that small.
#pragma once

#include <cstddef>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

namespace libcontainerd {

template <class Signature>
class UniqueFunction;

template <class R, class... Args>
class UniqueFunction<R(Args...)> {
 public:
  static constexpr std::size_t kInside = 5 * sizeof(void*);

  UniqueFunction() = default;
  template <class F>
  requires(!std::is_same_v<std::remove_cvref_t<F>, UniqueFunction> &&
           std::is_invocable_r_v<R, std::remove_cvref_t<F>&, Args...>)
      UniqueFunction(F&& function) {
    using Function = std::remove_cvref_t<F>;
    if constexpr (kFitsInside<Function>) {
      Keep<Function>(std::forward<F>(function));
    } else {
      Keep<Allocated<Function>>(std::make_unique<Function>(std::forward<F>(function)));
    }
  }
  UniqueFunction(UniqueFunction&& other) noexcept { Take(other); }
  UniqueFunction& operator=(UniqueFunction&& other) noexcept {
    if (this != &other) {
      // What is destroyed may look at this function; it is empty by then.
      const UniqueFunction old(std::move(*this));
      Take(other);
    }
    return *this;
  }
  ~UniqueFunction() {
    if (actions_ != nullptr) actions_->destroy(storage_);
  }

  explicit operator bool() const { return actions_ != nullptr; }
  R operator()(Args... args) { return actions_->call(storage_, std::forward<Args>(args)...); }

 private:
  // What can be done with that which is kept inside.
  struct Actions {
    R (*call)(void* kept, Args... args);
    void (*move)(void* from, void* to);  // and destroys what is left
    void (*destroy)(void* kept);
  };

  template <class F>
  struct Allocated {
    explicit Allocated(std::unique_ptr<F> made) : function(std::move(made)) {}
    R operator()(Args... args) { return (*function)(std::forward<Args>(args)...); }
    std::unique_ptr<F> function;
  };

  template <class F>
  static constexpr bool kFitsInside =
      sizeof(F) <= kInside &&
      alignof(F) <= alignof(void*) && std::is_nothrow_move_constructible_v<F>;

  template <class Kept>
  struct ActionsOf {
    static R Call(void* kept, Args... args) {
      return (*static_cast<Kept*>(kept))(std::forward<Args>(args)...);
    }
    static void Move(void* from, void* to) {
      Kept* const kept = static_cast<Kept*>(from);
      new (to) Kept(std::move(*kept));
      kept->~Kept();
    }
    static void Destroy(void* kept) { static_cast<Kept*>(kept)->~Kept(); }
    static constexpr Actions kActions{&Call, &Move, &Destroy};
  };

  template <class Kept, class From>
  void Keep(From&& from) {
    new (storage_) Kept(std::forward<From>(from));
    actions_ = &ActionsOf<Kept>::kActions;
  }
  void Take(UniqueFunction& other) noexcept {
    actions_ = std::exchange(other.actions_, nullptr);
    if (actions_ != nullptr) actions_->move(other.storage_, storage_);
  }

  alignas(void*) std::byte storage_[kInside];
  const Actions* actions_ = nullptr;
};

}  // namespace libcontainerd
