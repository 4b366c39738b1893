// Sha256: a running digest with its byte count, for comparing what a process wrote with what its
// reader got.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace fake_containerd {

class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;

  void Update(std::string_view data);
  std::uint64_t total_bytes() const { return total_bytes_; }
  // Of everything so far, in lower-case hex. More may follow.
  std::string Hex() const;

 private:
  struct Context;
  std::unique_ptr<Context> context_;
  std::uint64_t total_bytes_ = 0;
};

}  // namespace fake_containerd
