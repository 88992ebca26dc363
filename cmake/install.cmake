# What `make install` puts where: library, header, pkg-config file, CMake package, program, manual pages, completion.
include(CMakePackageConfigHelpers)

# The static library's own needs, for pkg-config --static. As flags and not as Requires.private: the latter would ask for
# every library that a static libcurl needs, while the system's curl, zlib and so on are shared.
set(WEIGHTLAW_PC_LIBS ${JANSSON_LDFLAGS} ${ZLIB_LDFLAGS} -lcrypto ${CURL_LDFLAGS} ${HDF5_LDFLAGS})
get_filename_component(OPENBLAS_NAME ${OPENBLAS_LIBRARY} NAME_WE)
string(REGEX REPLACE "^lib" "" OPENBLAS_NAME ${OPENBLAS_NAME})
list(APPEND WEIGHTLAW_PC_LIBS -L${OPENBLAS_DIR} -l${OPENBLAS_NAME} -pthread -lm)
foreach(runtime stdc++ c++) # of src/math/special.cpp
  if(runtime IN_LIST CMAKE_CXX_IMPLICIT_LINK_LIBRARIES)
    list(APPEND WEIGHTLAW_PC_LIBS -l${runtime})
  endif()
endforeach()
list(JOIN WEIGHTLAW_PC_LIBS " " WEIGHTLAW_PC_LIBS)
configure_file(cmake/weightlaw.pc.in ${PROJECT_BINARY_DIR}/weightlaw.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/weightlaw.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

set_target_properties(weightlaw_shared PROPERTIES EXPORT_NAME weightlaw)
install(FILES include/weightlaw.h DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(TARGETS weightlaw_shared EXPORT weightlaw LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(TARGETS weightlaw_static ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(EXPORT weightlaw NAMESPACE weightlaw:: FILE weightlawTargets.cmake
  DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/weightlaw)
configure_package_config_file(cmake/weightlawConfig.cmake.in ${PROJECT_BINARY_DIR}/weightlawConfig.cmake
  INSTALL_DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/weightlaw)
# Before 1.0 a minor version may change the interface.
write_basic_package_version_file(${PROJECT_BINARY_DIR}/weightlawConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/weightlawConfig.cmake ${PROJECT_BINARY_DIR}/weightlawConfigVersion.cmake
  DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/weightlaw)

if(TARGET weightlaw)
  install(TARGETS weightlaw RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
  # Documents that the program writes from its own tables.
  set(share ${PROJECT_BINARY_DIR}/share)
  add_custom_command(OUTPUT ${share}/made
    COMMAND ${CMAKE_COMMAND} -DPROGRAM=$<TARGET_FILE:weightlaw> -DSHARE=${share}
      -P ${PROJECT_SOURCE_DIR}/cmake/documents.cmake
    DEPENDS weightlaw ${PROJECT_SOURCE_DIR}/cmake/documents.cmake VERBATIM)
  add_custom_target(weightlaw_documents ALL DEPENDS ${share}/made)
  install(DIRECTORY ${share}/man1 DESTINATION ${CMAKE_INSTALL_MANDIR})
  install(FILES ${share}/weightlaw.bash DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions
    RENAME weightlaw)
  install(FILES ${share}/_weightlaw DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/site-functions)
  install(FILES ${share}/weightlaw.fish DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d)
endif()
install(FILES LICENSE README.md CHANGELOG.md CITATION.cff DESTINATION ${CMAKE_INSTALL_DOCDIR})
