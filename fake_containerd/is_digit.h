// Digits of ASCII, whatever the locale.
#pragma once

namespace fake_containerd {

constexpr bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}

}  // namespace fake_containerd
