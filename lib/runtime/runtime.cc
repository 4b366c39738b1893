#include "libcontainerd/runtime.h"

namespace libcontainerd {

void Runtime::UnwindSuspended() {
  while (first_suspended_ != nullptr) first_suspended_->Abandon();
}

SuspendedWait::SuspendedWait(Runtime& runtime)
    : runtime_(runtime), previous_(runtime.last_suspended_) {
  (previous_ != nullptr ? previous_->next_ : runtime.first_suspended_) = this;
  runtime.last_suspended_ = this;
}

SuspendedWait::~SuspendedWait() {
  (previous_ != nullptr ? previous_->next_ : runtime_.first_suspended_) = next_;
  (next_ != nullptr ? next_->previous_ : runtime_.last_suspended_) = previous_;
}

std::string DescribeFailure(const std::exception_ptr& failure) {
  if (!failure) return {};
  try {
    std::rethrow_exception(failure);
  } catch (const std::exception& error) {
    return error.what();
  } catch (...) {
    return "something that is no std::exception";
  }
}

}  // namespace libcontainerd
