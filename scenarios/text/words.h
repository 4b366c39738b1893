// The closed sets of words in scenario files: what errors list and the schema offers.
//
// Threads: any.
#pragma once

#include <cstddef>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "scenarios/action.h"

namespace scenarios {

template <class T>
concept Group = std::is_same_v<T, action::Parallel> || std::is_same_v<T, action::Later>;

// Calls `visit` with an initial value of each action that has a word, in the order of the variant.
template <class Visit>
void ForEachActionType(Visit&& visit) {
  [&]<std::size_t... I>(std::index_sequence<I...>) {
    const auto one = [&]<class T>(const T& initial) {
      if constexpr (!Group<T>) visit(initial);
    };
    (one(std::variant_alternative_t<I, action::What>{}), ...);
  }
  (std::make_index_sequence<std::variant_size_v<action::What>>());
}

// The names of a struct's fields, in their order.
template <class T>
std::vector<std::string_view> FieldNames() {
  std::vector<std::string_view> names;
  const auto note = [&](const FieldInfo& info, const auto&) { names.emplace_back(info.name); };
  const T initial{};
  T::Fields(initial, note);
  return names;
}

using Words = std::vector<std::string_view>;

const Words& ActionWords();
const Words& MethodWords();      // "CreateContainer": the daemon's
const Words& EventWords();       // "start-container"
const Words& CallbackWords();    // "start-container", …
const Words& HoldPointWords();   // of the fake and of the engine
const Words& FailPointWords();   // of the engine
const Words& FaultPointWords();  // of the fake's plans
const Words& CodeWords();        // "NOT_FOUND": all but OK
const Words& TimingWords();
const Words& GuaranteeWords();
const Words& DeviationWords();
const Words& TransportWords();
const Words& DaemonWords();
const Words& StreamWords();
const Words& DropWords();  // why an event led to nothing

}  // namespace scenarios
