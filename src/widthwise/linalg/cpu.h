// What this machine computes with: the CPU, the instruction sets chosen, the libraries behind products.h, and how fast
// registers and memory are, measured. For `widthwise doctor`, for the provenance of records and for benchmarks, which
// give their figures as shares of the measured peak.
#pragma once

#include <string>
#include <vector>

namespace widthwise {

struct CpuInfo {
  std::string model;                  // "AMD EPYC 9B45", or "unknown"
  std::vector<std::string> features;  // those that matter here: "avx2", "fma", "avx512f", ...
  std::string isa;                    // the vector instructions our own passes run: "AVX3" is AVX-512
  std::string openblas_core;          // kernels OpenBLAS runs: "SkylakeX"
  std::string
      openblas_preferred;  // what it would be without OPENBLAS_CORETYPE in the environment, "" if its own choice
  std::string openblas_path, openblas_config;
  bool openblas_threads = false;  // false: not an OpenMP build, so its products run on one thread
  std::string onednn;             // "2.6.3, avx512_core", or "" where built without
  int threads = 1;                // see threads.h
  int physical_threads = 1;
};

/// Loads OpenBLAS if it was not yet; throws Error where that fails.
CpuInfo cpu_info();

/// What a record of a run keeps, so that numbers can be compared to the bit only where they may be.
struct RunEnvironment {
  std::string cpu, isa, blas_core, onednn, compiler;
  int threads = 1;
};
/// The environment of a run that starts now on this thread.
RunEnvironment run_environment();

/// Throws Error, in a sentence that says what to do, on a CPU older than the build's baseline (x86-64-v3: AVX2, FMA,
/// BMI2, from 2013 on). Programs call it first.
void require_supported_cpu();

/// The peak rate of multiply-adds in GFLOP/s (a multiply-add is two), measured for about `seconds` on `threads` threads
/// at once: independent chains in registers, no memory. T is float or double.
template <class T>
double measured_peak(int threads, double seconds = 0.2);

/// Memory bandwidth in GB/s of a = b + s c on arrays beyond the caches (reads and writes counted, as in STREAM).
double measured_bandwidth(int threads, double seconds = 0.2);

}  // namespace widthwise
