#include "widthwise/data/span.h"

#include <Eigen/QR>
#include <algorithm>

namespace widthwise {

Index features_in_span(Index features, Index points) {
  return std::min(features, points);
}

void write_in_span(const std::vector<Matrix<double>*>& parts) {
  Index points = 0;
  for (const Matrix<double>* part : parts) points += part->rows();
  const Index features = parts.empty() ? 0 : parts.front()->cols();
  if (points == 0 || features_in_span(features, points) == features) return;
  Eigen::MatrixXd columns(features, points);
  Index first = 0;
  for (const Matrix<double>* part : parts) {
    columns.middleCols(first, part->rows()) = part->transpose();
    first += part->rows();
  }
  // columns = Q R: column i of R holds point i's coordinates.
  const Eigen::HouseholderQR<Eigen::MatrixXd> qr(columns);
  const Eigen::MatrixXd coordinates = qr.matrixQR().topRows(points).triangularView<Eigen::Upper>();
  first = 0;
  for (Matrix<double>* part : parts) {
    const Index rows = part->rows();
    *part = coordinates.middleCols(first, rows).transpose();
    first += rows;
  }
}

}  // namespace widthwise
