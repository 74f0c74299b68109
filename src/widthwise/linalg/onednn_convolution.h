// oneDNN's convolutions, in float. Each returns false where it cannot be used: built without oneDNN, rows that are not
// dense, or nothing but its reference loops for these sizes. Internal to linalg: others call convolution.h, which
// checks sizes.
#pragma once

#include "widthwise/linalg/convolution_sizes.h"
#include "widthwise/linalg/view.h"

namespace widthwise::linalg {

bool onednn_convolve(const ConvolutionSizes& sizes, View<const float> x, View<const float> w, bool add, View<float> z);
bool onednn_convolve_back(const ConvolutionSizes& sizes, View<const float> d, View<const float> w, bool add,
                          View<float> dx);
bool onednn_convolution_gradient(const ConvolutionSizes& sizes, float alpha, View<const float> d, View<const float> x,
                                 float beta, View<float> dw);

}  // namespace widthwise::linalg
