# One target a room. A room is a folder of src/widthwise; its sources are found, so adding an
# activation or an observable is adding a file.
#
#   widthwise_room(activation ROOMS base linalg numerics PRIVATE Boost::headers)
#
# ROOMS are the rooms it includes (only rooms above it in ARCHITECTURE.md; scripts/check-includes
# checks that), PUBLIC and PRIVATE other libraries.
set(WIDTHWISE_ROOMS "" CACHE INTERNAL "rooms, in dependency order")

add_library(widthwise_options INTERFACE)
target_compile_features(widthwise_options INTERFACE cxx_std_20)
# Matrices cross the boundary of the library: their alignment, hence how their memory is freed, must not depend on the
# instruction set a user compiles for.
target_compile_definitions(widthwise_options INTERFACE EIGEN_MAX_ALIGN_BYTES=64)

add_library(widthwise_strict INTERFACE)
target_compile_options(widthwise_strict INTERFACE
  -Wall -Wextra -Wpedantic -Wconversion -Wshadow $<$<BOOL:${WIDTHWISE_WERROR}>:-Werror>)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  # Fires on every std::string concatenation (GCC bug 105651, mended in 13).
  target_compile_options(widthwise_strict INTERFACE -Wno-restrict)
endif()
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  target_compile_options(widthwise_strict INTERFACE -march=x86-64-v3)
endif()
foreach(sanitizer IN LISTS WIDTHWISE_SANITIZE)
  target_compile_options(widthwise_options INTERFACE -fsanitize=${sanitizer} -fno-omit-frame-pointer)
  target_link_options(widthwise_options INTERFACE -fsanitize=${sanitizer})
endforeach()

function(widthwise_room name)
  cmake_parse_arguments(ROOM "" "" "ROOMS;PUBLIC;PRIVATE" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS *.cpp)
  file(GLOB headers CONFIGURE_DEPENDS *.h)
  list(TRANSFORM ROOM_ROOMS PREPEND widthwise_)
  add_library(widthwise_${name} STATIC ${sources})
  add_library(widthwise::${name} ALIAS widthwise_${name})
  set_target_properties(widthwise_${name} PROPERTIES EXPORT_NAME ${name} POSITION_INDEPENDENT_CODE ON)
  target_include_directories(widthwise_${name} PUBLIC
    $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/src> $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
  target_link_libraries(widthwise_${name}
    PUBLIC widthwise_options ${ROOM_ROOMS} ${ROOM_PUBLIC}
    PRIVATE $<BUILD_INTERFACE:widthwise_strict> ${ROOM_PRIVATE})
  set(WIDTHWISE_ROOMS ${WIDTHWISE_ROOMS} ${name} CACHE INTERNAL "")
  install(TARGETS widthwise_${name} EXPORT widthwise ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
  install(FILES ${headers} DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/widthwise/${name})
endfunction()

# widthwise_tests(activation LIBRARIES rapidcheck): every *_test.cpp of tests/<room>, linked with
# that room alone, as one program.
function(widthwise_tests name)
  cmake_parse_arguments(TEST "" "" "LIBRARIES;ROOMS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${name}/*_test.cpp)
  if(NOT sources)
    return()
  endif()
  if(NOT TEST_ROOMS)
    set(TEST_ROOMS ${name})
  endif()
  list(TRANSFORM TEST_ROOMS PREPEND widthwise_)
  add_executable(test_${name} ${sources})
  target_include_directories(test_${name} PRIVATE ${PROJECT_SOURCE_DIR}/tests)
  target_link_libraries(test_${name} PRIVATE ${TEST_ROOMS} widthwise_strict GTest::gmock GTest::gtest_main ${TEST_LIBRARIES})
  target_compile_definitions(test_${name} PRIVATE
    WIDTHWISE_SOURCE_DIR="${PROJECT_SOURCE_DIR}" WIDTHWISE_BINARY_DIR="${PROJECT_BINARY_DIR}"
    $<$<BOOL:${CMAKE_CROSSCOMPILING_EMULATOR}>:WIDTHWISE_EMULATED>)
  gtest_discover_tests(test_${name} TEST_PREFIX "${name}." DISCOVERY_MODE PRE_TEST PROPERTIES TIMEOUT 300)
endfunction()
