// Where a run was computed: what a record keeps beside its numbers.
#pragma once

#include <cstdint>
#include <map>
#include <string>

namespace widthwise {

/// Of this program and machine: version, commit, compiler, cpu, isa, blas core, host.
std::map<std::string, std::string> program_provenance();

/// The version and the commit this was built from ("unknown" outside a repository).
std::string program_version();
std::string program_commit();

}  // namespace widthwise
