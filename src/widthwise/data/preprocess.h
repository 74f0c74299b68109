// Inputs brought to a common scale, in this order: colour to grey, scaling, PCA. Whatever is estimated is estimated on
// the training samples alone (fit = "train") and applied to all parts as it is, or on all parts together (fit = "all",
// as some papers do: test samples then take part in the choice of coordinates, not in training).
//
//   none                  as read (pixels in 0..1)
//   standardise           (x - m) / s with one mean m and one standard deviation s over all entries
//   standardise-features  the same with m_j and s_j for each feature j; a feature that never varies is only centred
//   centre                x_j - m_j with the mean of each feature
//   sphere                x sqrt(d) / |x|: every sample on the sphere of radius sqrt(d), d features
//   centred-sphere        centre, then sphere
//
// standardise keeps the picture (every pixel moves alike) and is the choice for images; the spheres make |x|^2 / d the
// same for all samples, as kernel theory likes it.
//
// Grey: luma 0.299 R + 0.587 G + 0.114 B of images of three channels.
//
// PCA to d directions: with mean m, covariance C = <(x - m)(x - m)^T>, its d largest eigenvalues l_1 >= ... >= l_d and
// eigenvectors u_i (entry of largest size positive), x becomes (<u_i, x - m> / s_i)_i with s_i = sqrt(l_i) (whiten) or
// one s = sqrt(mean of l_1..l_d) for all, which keeps the shape of the cloud. What was on a sphere no longer is.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "widthwise/base/named.h"
#include "widthwise/data/dataset.h"

namespace widthwise {

struct PreprocessOptions {
  std::string how = "none";
  bool grayscale = false;
  Index pca = 0;  // directions; 0: no PCA
  bool whiten = true;
  std::string fit = "train";  // or "all"
};

/// Changes the inputs of all parts in place. On the spheres a sample that is zero stays zero; after PCA samples are no
/// images. Throws ConfigError (data.preprocess, data.fit) for an unknown name, (data.grayscale) where samples are no
/// colour images, (data.pca) for more directions than features, or than the samples span where they are whitened;
/// ShapeError where parts differ in features or train is empty.
void preprocess(const PreprocessOptions& options, Split& split);
/// Scaling alone, estimated on `train`.
void preprocess(std::string_view how, Dataset& train, Dataset& test);
/// The names above, a sentence each.
std::vector<Named> known_preprocessing();

}  // namespace widthwise
