# The exported package: find_package(widthwise) and link widthwise::<room>.
include(CMakePackageConfigHelpers)
set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/widthwise)
install(TARGETS widthwise_options EXPORT widthwise)
install(EXPORT widthwise NAMESPACE widthwise:: FILE widthwiseTargets.cmake DESTINATION ${package_dir})
configure_package_config_file(cmake/widthwiseConfig.cmake.in ${PROJECT_BINARY_DIR}/widthwiseConfig.cmake
  INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/widthwiseConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/widthwiseConfig.cmake ${PROJECT_BINARY_DIR}/widthwiseConfigVersion.cmake
  DESTINATION ${package_dir})
