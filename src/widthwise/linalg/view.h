// A row-major block of memory somebody else owns: rows x cols entries, consecutive in a row, rows `stride` apart. What
// every heavy entry point takes, so that parts of one arena need no copy.
#pragma once

#include <cstddef>
#include <type_traits>

namespace widthwise {

using Index = std::ptrdiff_t;

template <class T>
struct View {
  T* data = nullptr;
  Index rows = 0, cols = 0, stride = 0;

  View() = default;
  View(T* data_, Index rows_, Index cols_) : View(data_, rows_, cols_, cols_) {}
  View(T* data_, Index rows_, Index cols_, Index stride_) : data(data_), rows(rows_), cols(cols_), stride(stride_) {}
  /// A view of constants from a view.
  template <class U>
  requires(std::is_same_v<const U, T>) View(const View<U>& other)
      : View(other.data, other.rows, other.cols, other.stride) {}  // NOLINT(*-explicit-*)

  T* row(Index i) const { return data + i * stride; }
  T& operator()(Index i, Index j) const { return data[i * stride + j]; }
  Index size() const { return rows * cols; }
  /// Rows first_row.. and columns first_col.. of this block.
  View block(Index first_row, Index first_col, Index rows_, Index cols_) const {
    return {data + first_row * stride + first_col, rows_, cols_, stride};
  }
};

}  // namespace widthwise
