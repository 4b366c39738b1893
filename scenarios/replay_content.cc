#include "scenarios/replay_content.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <memory>
#include <optional>

#include "scenarios/replay_inference.h"

namespace scenarios {
namespace {

constexpr std::uint64_t kMostHashed = 256U << 20U;      // longer streams stay unknown
constexpr std::uint64_t kMostForEveryByte = 1U << 20U;  // streams for which all 256 bytes are tried
constexpr std::uint64_t kChunk = 1U << 16U;
constexpr std::size_t kLongestSample = 1U << 16U;

class Sha256 {
 public:
  Sha256() : context_(EVP_MD_CTX_new(), &EVP_MD_CTX_free) {
    EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr);
  }
  void Add(std::string_view bytes) { EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()); }
  std::string Hex() {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned int size = 0;
    EVP_DigestFinal_ex(context_.get(), digest.data(), &size);
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::string text;
    for (unsigned int i = 0; i < size; ++i) {
      text.push_back(kDigits[digest[i] >> 4U]);
      text.push_back(kDigits[digest[i] & 15U]);
    }
    return text;
  }

 private:
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context_;
};

bool Reproduces(const std::vector<StreamPiece>& pieces, const std::string& pattern,
                const std::string& sha256) {
  Sha256 hash;
  std::uint64_t offset = 0;
  for (const StreamPiece& piece : pieces) {
    if (piece.known) hash.Add(piece.data);
    for (std::uint64_t done = piece.known ? piece.length : 0; done < piece.length;) {
      const std::uint64_t size = std::min(kChunk, piece.length - done);
      hash.Add(PatternBytes(pattern, offset + done, size));
      done += size;
    }
    offset += piece.length;
  }
  return hash.Hex() == sha256;
}

// The shortest period of `sample`, if it shows it at least twice.
std::optional<std::size_t> Period(std::string_view sample) {
  std::vector<std::size_t> border(sample.size() + 1, 0);  // longest proper prefix that is a suffix
  for (std::size_t i = 1, k = 0; i < sample.size(); ++i) {
    while (k > 0 && sample[i] != sample[k]) k = border[k];
    if (sample[i] == sample[k]) ++k;
    border[i + 1] = k;
  }
  const std::size_t period = sample.size() - border.back();
  if (sample.empty() || period * 2 > sample.size()) return std::nullopt;
  return period;
}

// What the longest known piece repeats, turned to begin at the stream's first byte.
std::optional<std::string> SamplePattern(const std::vector<StreamPiece>& pieces) {
  const StreamPiece* longest = nullptr;
  std::uint64_t offset = 0;
  std::uint64_t longest_offset = 0;
  for (const StreamPiece& piece : pieces) {
    if (piece.known && (longest == nullptr || piece.length > longest->length)) {
      longest = &piece;
      longest_offset = offset;
    }
    offset += piece.length;
  }
  if (longest == nullptr) return std::nullopt;
  const std::string_view sample = longest->data.substr(0, kLongestSample);
  const std::optional<std::size_t> period = Period(sample);
  if (!period) return std::nullopt;
  std::string pattern(*period, '\0');
  for (std::size_t i = 0; i < *period; ++i) pattern[(longest_offset + i) % *period] = sample[i];
  return pattern;
}

}  // namespace

std::string Sha256Hex(std::string_view bytes) {
  Sha256 hash;
  hash.Add(bytes);
  return hash.Hex();
}

std::string PatternBytes(const std::string& pattern, std::uint64_t offset, std::uint64_t length) {
  std::string bytes(length, pattern.size() == 1 ? pattern[0] : '\0');
  if (pattern.size() < 2) return bytes;
  for (std::uint64_t i = 0; i < length; ++i) bytes[i] = pattern[(offset + i) % pattern.size()];
  return bytes;
}

std::string FindPattern(const std::vector<StreamPiece>& pieces, const std::string& sha256) {
  std::uint64_t total = 0;
  for (const StreamPiece& piece : pieces) {
    if (piece.length > kMostHashed || total > kMostHashed) return {};
    total += piece.length;
  }
  if (total > kMostHashed) return {};
  std::vector<std::string> candidates;
  if (std::optional<std::string> sample = SamplePattern(pieces)) {
    candidates.push_back(std::move(*sample));
  }
  candidates.emplace_back(1, '\0');
  candidates.emplace_back("y\n");
  candidates.emplace_back(1, '\xff');
  for (int byte = 1; byte < 255 && total <= kMostForEveryByte; ++byte) {
    candidates.emplace_back(1, static_cast<char>(byte));
  }
  for (const std::string& candidate : candidates) {
    if (Reproduces(pieces, candidate, sha256)) return candidate;
  }
  return {};
}

namespace {

std::vector<StreamPiece> Pieces(const Recording& recording, const Attachment::Stream& stream) {
  std::vector<StreamPiece> pieces;
  for (const std::size_t index : stream.outputs) {
    const RecordedOutput& output = recording.outputs[index];
    StreamPiece piece;
    piece.length = output.length;
    piece.known = output.data.has_value();
    if (piece.known) piece.data = *output.data;
    pieces.push_back(piece);
  }
  return pieces;
}

void InferContent(Inference& work, Attachment::Stream& stream) {
  const std::vector<StreamPiece> pieces = Pieces(work.recording, stream);
  stream.content_known = std::all_of(pieces.begin(), pieces.end(),
                                     [](const StreamPiece& piece) { return piece.known; });
  if (stream.content_known) return;
  const int line = work.recording.outputs[stream.outputs.front()].line;
  if (stream.eof) {
    const RecordedEof& eof = work.recording.eofs[*stream.eof];
    if (!eof.sha256.empty()) stream.pattern = FindPattern(pieces, eof.sha256);
  }
  stream.content_known = !stream.pattern.empty();
  if (!stream.content_known) {
    work.Note(SourceLine{true, line},
              "only lengths of this stream are known, and no pattern gives its sha256: it is "
              "replayed with other bytes");
  }
}

}  // namespace

void InferContents(Inference& work) {
  for (Attachment& attachment : work.plan.attachments) {
    if (!attachment.out.outputs.empty()) InferContent(work, attachment.out);
    if (!attachment.err.outputs.empty()) InferContent(work, attachment.err);
  }
}

std::optional<std::string> OutputBytes(const Recording& recording, const ReplayPlan& plan,
                                       std::size_t output) {
  const RecordedOutput& line = recording.outputs[output];
  if (line.data) return line.data;
  const std::optional<std::size_t> owner = plan.output_attachment[output];
  if (!owner) return std::nullopt;
  const Attachment& attachment = plan.attachments[*owner];
  const Attachment::Stream& stream = line.stream == "stderr" ? attachment.err : attachment.out;
  if (stream.pattern.empty()) return std::nullopt;
  std::uint64_t offset = 0;
  for (const std::size_t index : stream.outputs) {
    if (index == output) break;
    offset += recording.outputs[index].length;
  }
  return PatternBytes(stream.pattern, offset, line.length);
}

}  // namespace scenarios
