# cmake --install: the libraries as the export set Drydock::, their headers below include/drydock, the programs, and
# the package file for find_package(Drydock). tests/package uses all of it.
include(CMakePackageConfigHelpers)

set(drydock_package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/Drydock)
set(drydock_include_dir ${CMAKE_INSTALL_INCLUDEDIR}/drydock)

# What a build without gRPC lacks is left out of its package.
foreach(target IN ITEMS
    drydock_asio containerd_proto containerd_runtime containerd_client
    containerd_grpc_proto containerd_client_grpc
    fake_containerd_world fake_containerd_v0 fake_containerd_served
    fake_containerd_control_proto fake_containerd_health_proto fake_containerd_server fake_containerd
    scenarios_journal scenarios_recording scenarios_reports scenarios_replay scenarios_runner
    scenarios_text scenarios_catalogue scenarios_model scenarios_model_judges scenarios_event_sequence)
  if(TARGET ${target})
    install(TARGETS ${target} EXPORT DrydockTargets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
  endif()
endforeach()
foreach(program IN ITEMS drydock fake-containerd)
  if(TARGET ${program})
    install(TARGETS ${program} RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
  endif()
endforeach()

install(FILES docs/man/drydock.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)

install(DIRECTORY lib/include/ DESTINATION ${drydock_include_dir} FILES_MATCHING PATTERN "*.h")
if(EXISTS ${PROJECT_SOURCE_DIR}/fake_containerd/include)
  install(DIRECTORY fake_containerd/include/ DESTINATION ${drydock_include_dir} FILES_MATCHING PATTERN "*.h")
endif()
# These name each other from the root of the tree, and keep their folders.
install(DIRECTORY fake_containerd scenarios DESTINATION ${drydock_include_dir}
  FILES_MATCHING PATTERN "*.h"
  PATTERN include EXCLUDE
  PATTERN "daemon*.h" EXCLUDE
  PATTERN cli EXCLUDE
  PATTERN html EXCLUDE
  PATTERN library EXCLUDE
  PATTERN museum EXCLUDE
  PATTERN schema EXCLUDE
  PATTERN traces EXCLUDE)
install(DIRECTORY ${PROJECT_BINARY_DIR}/lib/generated/ DESTINATION ${drydock_include_dir}
  FILES_MATCHING PATTERN "*.pb.h")
if(TARGET fake_containerd_control_proto)
  install(DIRECTORY ${PROJECT_BINARY_DIR}/fake_containerd/generated/
    DESTINATION ${drydock_include_dir} FILES_MATCHING PATTERN "*.pb.h")
endif()

install(EXPORT DrydockTargets NAMESPACE Drydock:: DESTINATION ${drydock_package_dir})
configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/DrydockConfig.cmake.in
  ${PROJECT_BINARY_DIR}/DrydockConfig.cmake INSTALL_DESTINATION ${drydock_package_dir})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/DrydockConfigVersion.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/DrydockConfig.cmake ${PROJECT_BINARY_DIR}/DrydockConfigVersion.cmake
  DESTINATION ${drydock_package_dir})
