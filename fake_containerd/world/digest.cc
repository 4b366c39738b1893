#include "fake_containerd/world/digest.h"

#include <array>

#include <openssl/evp.h>

namespace fake_containerd {

namespace {

// Looked up once: by its name for each digest, OpenSSL takes more time for that than for the bytes.
const EVP_MD* Algorithm() {
  static const EVP_MD* const kSha256 = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  return kSha256;
}

}  // namespace

struct Sha256::Context {
  Context() : handle(EVP_MD_CTX_new()) { EVP_DigestInit_ex(handle, Algorithm(), nullptr); }
  ~Context() { EVP_MD_CTX_free(handle); }
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;
  EVP_MD_CTX* handle;
};

Sha256::Sha256() = default;
Sha256::~Sha256() = default;

void Sha256::Update(std::string_view data) {
  // Most streams of most processes stay silent: nothing is allocated for them.
  if (!context_) context_ = std::make_unique<Context>();
  EVP_DigestUpdate(context_->handle, data.data(), data.size());
  total_bytes_ += data.size();
}

std::string Sha256::Hex() const {
  // Of a copy: finishing a digest ends it.
  const Context copy;
  if (context_) EVP_MD_CTX_copy_ex(copy.handle, context_->handle);
  std::array<unsigned char, EVP_MAX_MD_SIZE> bytes{};
  unsigned int count = 0;
  EVP_DigestFinal_ex(copy.handle, bytes.data(), &count);
  constexpr char kDigits[] = "0123456789abcdef";
  std::string hex;
  for (unsigned int i = 0; i < count; ++i) {
    hex += kDigits[bytes[i] >> 4U];
    hex += kDigits[bytes[i] & 15U];
  }
  return hex;
}

}  // namespace fake_containerd
