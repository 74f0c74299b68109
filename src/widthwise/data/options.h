// What to load: a set by name, how many of its samples, what the targets are, what is done to the inputs. The keys of
// [data] in a study bear the same names.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "widthwise/base/key.h"
#include "widthwise/linalg/view.h"

namespace widthwise {

struct DataOptions {
  std::string name = "fashion-mnist";  // one of known_data()
  Index train = 0;                     // training samples, >= 1
  Index test = 0;                      // test samples; 0: none
  Index validation = 0;                // held-out training samples; 0: none
  std::string labels;                  // see known_labels(); images, csv, npy: classes; gaussian, sphere: sign;
                                       // teacher, power-law: values
  std::string preprocess;     // see preprocess.h; default: standardise for images and npy, standardise-features
                              // for csv, none for generated data
  bool grayscale = false;     // colour images to their luma, before all else
  Index pca = 0;              // principal components kept; 0: no PCA
  bool whiten = true;         // PCA: unit variance in each direction
  bool span = false;          // in an orthonormal basis of all points, after all else (span.h)
  std::string fit = "train";  // what means and PCA are estimated on: train or all
  std::vector<int> classes;   // these classes only, renumbered in this order; empty: all
  Key key;                    // Key(seed.data): which samples, and all draws
  std::string data_dir;       // image sets: where to look first; empty: not given

  // Generated data.
  Index dimension = 0;      // input dimension; other sets have their own (0, or that number)
  Index outputs = 0;        // 0: what the labels give (10 classes; 1 otherwise)
  Index teacher_width = 8;  // neurons of the teacher
  double spectrum_exponent = 1.5, target_exponent = 1;  // power-law: a and beta
  std::vector<double> target_coefficients;              // power-law: w_1, w_2, ...; empty: by target_exponent
  double label_noise = 0;                               // power-law: standard deviation of what is added to y

  // IDX files: departures from what the set's own files are like.
  std::optional<int> label_offset;  // label of the first class
  std::optional<bool> transpose;    // images lie column by column

  // csv and npy: the user's own files.
  std::string file, test_file;                  // inputs (csv: and targets); test_file may be empty
  std::string targets_file, test_targets_file;  // npy
  std::string target;                           // csv: name or number (from 1) of the target column; empty: the last
  std::string header = "auto";                  // csv: auto, yes, no
  std::string content;                          // the fingerprint the files must have; empty: any
};

}  // namespace widthwise
