// What a finished run leaves in a store: its configuration, where it was computed, how it ended, the final value of
// every series, the trace itself, and arrays.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "widthwise/numerics/trace.h"

namespace widthwise {

/// Raised whenever the tables of a store file change; a file written by another format is refused, never converted.
inline constexpr int store_format = 1;

struct RunRecord {
  std::string identity;       // hex hash of the resolved configuration and of the numerics version
  std::string configuration;  // JSON object, keys sorted: every key of the resolved configuration
  std::map<std::string, std::string>
      provenance;                        // version, commit, compiler, cpu, isa, blas core, dtype, threads, data ...
  std::string status;                    // "finished", "stopped" or "diverged"
  std::int64_t last_step = 0;            // updates made
  std::string reason;                    // why it ended, a sentence; may be empty
  double seconds = 0;                    // wall time of this run's share of its batch
  std::map<std::string, double> finals;  // final value of every series; non-finite values come back as NaN
  Trace trace;
  std::map<std::string, std::string> arrays;  // name -> the bytes of an NPY file (npy.h)
};

/// How much of a record is read: `summary` leaves trace and arrays empty and is what lists, tables of finals and scans
/// over thousands of runs want.
enum class RecordParts { summary, with_trace, everything };

/// The configuration of a record as text by dotted key: {"a": {"b": 2}} and {"a.b": 2} both give a.b -> "2"; strings
/// without quotes, arrays as JSON. @throws StoreError where the configuration is no JSON object, or one nested deeper
/// than anything a study can say.
std::map<std::string, std::string> flat_configuration(const RunRecord& record);

}  // namespace widthwise
