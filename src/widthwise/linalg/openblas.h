// OpenBLAS behind a table of the entry points used, loaded by path at the first call.
//
// Linked the usual way it picks its kernels by a list of CPUs it knew when it was released, and runs ten-year-old ones
// on any other (four times slower); and its OpenMP and pthread builds share one name, so the wrong one may come. So the
// OpenMP build is loaded by its path, its kernels chosen by what the CPU can do, and both are checked. Internal to
// linalg: others call products.h.
#pragma once

#include <cstddef>
#include <string>

namespace widthwise::linalg {

struct OpenBlas {
  using Int = int;
  void (*sgemm)(int order, int a_op, int b_op, Int m, Int n, Int k, float alpha, const float* a, Int lda,
                const float* b, Int ldb, float beta, float* c, Int ldc);
  void (*dgemm)(int order, int a_op, int b_op, Int m, Int n, Int k, double alpha, const double* a, Int lda,
                const double* b, Int ldb, double beta, double* c, Int ldc);
  void (*ssyrk)(int order, int triangle, int op, Int n, Int k, float alpha, const float* a, Int lda, float beta,
                float* c, Int ldc);
  void (*dsyrk)(int order, int triangle, int op, Int n, Int k, double alpha, const double* a, Int lda, double beta,
                double* c, Int ldc);
  // LAPACK's Fortran entries (lengths of the texts last); null in a library built without LAPACK.
  void (*dsyevr)(const char* job, const char* range, const char* triangle, const Int* n, double* a, const Int* lda,
                 const double* low, const double* high, const Int* first, const Int* last, const double* tolerance,
                 Int* found, double* values, double* vectors, const Int* ldv, Int* support, double* work,
                 const Int* size, Int* whole_work, const Int* whole_size, Int* info, std::size_t, std::size_t,
                 std::size_t);
  void (*dgesdd)(const char* job, const Int* rows, const Int* cols, double* a, const Int* lda, double* values,
                 double* left, const Int* ldl, double* right, const Int* ldr, double* work, const Int* size,
                 Int* whole_work, Int* info, std::size_t);
  void (*set_num_threads)(int);

  std::string path;     // the file
  std::string core;     // the kernels it runs, for example "SkylakeX"
  std::string config;   // how it was built
  bool openmp = false;  // false: a pthread or sequential build, held at one thread

  // Values of the CBLAS enumerations.
  static constexpr int row_major = 101, no_transpose = 111, transpose = 112, upper = 121;
};

/// The library, loaded at the first call (thread-safe). `WIDTHWISE_OPENBLAS` names a file to be tried first;
/// `OPENBLAS_CORETYPE`, if set, decides its kernels. Throws Error if there is none, or none that is fast on this CPU.
const OpenBlas& openblas();

/// The kernels asked of OpenBLAS on this CPU ("SkylakeX", "Haswell"), or "" where its own choice stands.
std::string preferred_openblas_core();

}  // namespace widthwise::linalg
