// TextTable: columns for a terminal, each as wide as its widest cell.
//
// Threads: none.
#pragma once

#include <string>
#include <vector>

namespace scenarios {

class TextTable {
 public:
  explicit TextTable(std::vector<std::string> heads) { Add(std::move(heads)); }
  // As many cells as heads.
  void Add(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }
  // Two spaces between columns, none at the ends of lines; a newline behind each.
  std::string Text() const;

 private:
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace scenarios
