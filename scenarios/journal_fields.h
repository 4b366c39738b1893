// The fields of a journal line, in the order in which they are written; shared by the writer and
// the reader.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "scenarios/journal.h"

namespace scenarios {

enum class Field : std::uint8_t {
  kSeq,
  kT,
  kKind,
  kWhat,
  kId,
  kProcess,
  kNumber,
  kCode,
  kPid,
  kFlag,
  kFailed,
  kStamp,
  kText,
};
inline constexpr std::size_t kFieldCount = 13;

inline constexpr std::array<std::string_view, kFieldCount> kFieldNames = {
    "seq",  "t",   "kind", "what",   "id",    "process", "number",
    "code", "pid", "flag", "failed", "stamp", "text"};

constexpr std::string_view FieldName(Field field) {
  return kFieldNames[static_cast<std::size_t>(field)];
}

// A set of fields.
using FieldMask = std::uint32_t;
constexpr FieldMask MaskOf(Field field) {
  return FieldMask{1} << static_cast<unsigned>(field);
}

// Without these a line of that kind means nothing. Their default is no value for them, so they are
// never left out.
constexpr FieldMask RequiredFields(EntryKind kind) {
  constexpr FieldMask kAlways = MaskOf(Field::kSeq) | MaskOf(Field::kT) | MaskOf(Field::kKind);
  switch (kind) {
    case EntryKind::kCallBegin:
    case EntryKind::kCallEnd:
    case EntryKind::kRpcBegin:
    case EntryKind::kRpcEnd:
      return kAlways | MaskOf(Field::kWhat) | MaskOf(Field::kNumber);
    case EntryKind::kCallbackBegin:
    case EntryKind::kCallbackEnd:
      return kAlways | MaskOf(Field::kWhat) | MaskOf(Field::kId) | MaskOf(Field::kNumber);
    case EntryKind::kAttachBegin:
    case EntryKind::kAttachEnd:
      return kAlways | MaskOf(Field::kId) | MaskOf(Field::kNumber);
    case EntryKind::kBundleCreated:
    case EntryKind::kBundleRemoved:
    case EntryKind::kFifosCreated:
    case EntryKind::kFifosRemoved:
    case EntryKind::kBundleFiles:
    case EntryKind::kTracked:
    case EntryKind::kRunning:
      return kAlways | MaskOf(Field::kId);
    case EntryKind::kCursorWriting:
    case EntryKind::kCursorWritten:
      return kAlways | MaskOf(Field::kNumber);
    case EntryKind::kSnapshot:
      return kAlways | MaskOf(Field::kWhat) | MaskOf(Field::kText);
    case EntryKind::kFaultFired:
      return kAlways | MaskOf(Field::kWhat) | MaskOf(Field::kText) | MaskOf(Field::kNumber);
    case EntryKind::kHeld:
    case EntryKind::kReleased:
      return kAlways | MaskOf(Field::kWhat) | MaskOf(Field::kNumber);
    default:  // an event or a stream may lack anything: that may be the fault under test
      return kAlways;
  }
}

}  // namespace scenarios
